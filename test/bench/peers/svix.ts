// Svix from a checkout that the user has: its server, with PostgreSQL and Redis.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '#test/support/free-port.ts';
import { commitOf } from '../machine.ts';
import { openWorkshop, programNamed, startPostgres, startRedis } from './programs.ts';
import type { Sender } from './sender.ts';
import { usageOf } from './usage.ts';

/** Builds and starts it. Throws where a program or the checkout is missing. */
export async function startSvix(checkout: string): Promise<Sender> {
  const program = process.env.SVIX_BINARY ?? built(checkout);
  const workshop = openWorkshop('svix');
  try {
    const redis = await startRedis(workshop);
    const postgres = await startPostgres(workshop);
    const port = await freePort();
    const env = {
      ...{ SVIX_LISTEN_ADDRESS: `127.0.0.1:${port}`, SVIX_JWT_SECRET: 'bench', SVIX_LOG_LEVEL: 'info' },
      ...{ SVIX_DB_DSN: postgres.url, SVIX_REDIS_DSN: `redis://127.0.0.1:${redis.port}` },
      ...{ SVIX_QUEUE_TYPE: 'redis', SVIX_CACHE_TYPE: 'redis', SVIX_WORKER_REQUEST_TIMEOUT: '15' },
      SVIX_WHITELIST_SUBNETS: '["127.0.0.0/8"]',
    };
    const server = await workshop.start('svix', [program, '--run-migrations'], { port, env });
    const said = execFileSync(program, ['jwt', 'generate'], {
      cwd: workshop.folder,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    const [token = ''] = /ey[\w-]+\.[\w-]+\.[\w-]+/.exec(said) ?? [];
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const at = `http://127.0.0.1:${port}/api/v1`;
    const call = async (path: string, body: unknown) => {
      const answer = await fetch(`${at}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text.slice(0, 300)}`);
    };
    for (let tries = 0; tries < 100; tries++) {
      if (
        await fetch(`${at}/health`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        break;
      await wait(300);
    }
    return {
      ...{ name: 'Svix', version: commitOf(checkout) },
      stores: [redis, postgres].map(({ version }) => version).join(', '),
      async subscribe(topic, urls) {
        await call('/app', { name: topic, uid: topic });
        for (const url of urls) await call(`/app/${topic}/endpoint`, { url, version: 1 });
        return {
          ...{ kind: 'json', url: `${at}/app/${topic}/msg`, headers },
          ...{ before: '{"eventType":"bench","payload":', after: '}' },
        };
      },
      usage: () => usageOf({ app: [server.pid ?? 0], stores: [redis.pid, postgres.pid] }),
      close: () => workshop.close(),
    };
  } catch (error) {
    await workshop.close();
    throw error;
  }
}

function built(checkout: string): string {
  const folder = join(checkout, 'server');
  if (!existsSync(join(folder, 'svix-server')))
    throw new Error(`${checkout} is no checkout of Svix: it has no server/svix-server.`);
  const program = join(folder, 'target/release/svix-server');
  // Cargo builds only what has changed since.
  const cargo = programNamed('cargo', 'Rust');
  execFileSync(cargo, ['build', '--release', '-p', 'svix-server'], { cwd: folder, stdio: 'inherit' });
  return program;
}
