// Hookdeck Outpost from a checkout that the user has: its server, with Redis, RabbitMQ and PostgreSQL.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '#test/support/free-port.ts';
import { commitOf } from '../machine.ts';
import { openWorkshop, programNamed, startPostgres, startRabbit, startRedis } from './programs.ts';
import type { Sender } from './sender.ts';
import { usageOf } from './usage.ts';

const KEY = 'bench';
/** Requests at once, for all receivers together. Its default of 1 delivers one message after the other. */
const CONCURRENCY = process.env.OUTPOST_CONCURRENCY ?? '20';

/** Builds and starts it. Throws where a program or the checkout is missing. */
export async function startOutpost(checkout: string): Promise<Sender> {
  const programs = process.env.OUTPOST_BINARIES ?? built(checkout);
  const workshop = openWorkshop('outpost');
  try {
    const redis = await startRedis(workshop);
    const rabbit = await startRabbit(workshop);
    const postgres = await startPostgres(workshop);
    const port = await freePort();
    const env = {
      ...{ API_PORT: String(port), API_KEY: KEY, API_JWT_SECRET: KEY, AES_ENCRYPTION_SECRET: KEY },
      ...{ REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port), RABBITMQ_SERVER_URL: rabbit.url },
      ...{ POSTGRES_URL: `${postgres.url}?sslmode=disable`, DELIVERY_MAX_CONCURRENCY: CONCURRENCY },
      ...{ PUBLISH_MAX_CONCURRENCY: CONCURRENCY, LOG_MAX_CONCURRENCY: CONCURRENCY },
      ...{ TOPICS: '', MAX_DESTINATIONS_PER_TENANT: '1000', DELIVERY_TIMEOUT_SECONDS: '15' },
      ...{ DISABLE_TELEMETRY: 'true', GIN_MODE: 'release', LOG_LEVEL: 'warn', DEPLOYMENT_ID: 'bench' },
    };
    const migration = await workshop.start(
      'migration',
      [join(programs, 'outpost'), 'migrate', 'apply', '--yes'],
      { env },
    );
    await once(migration, 'exit');
    const server = await workshop.start('outpost', [join(programs, 'outpost-server')], { port, env });
    const call = (method: string, path: string, body?: unknown) =>
      request(`http://127.0.0.1:${port}/api/v1${path}`, method, body);
    // The port is open before the migrations are done.
    for (let tries = 0; tries < 100; tries++) {
      if (await call('PUT', '/tenants/ready').catch(() => undefined)) break;
      await wait(300);
    }
    return {
      ...{ name: 'Outpost', version: commitOf(checkout) },
      stores: [redis, rabbit, postgres].map(({ version }) => version).join(', '),
      async subscribe(topic, urls) {
        await call('PUT', `/tenants/${topic}`);
        for (const url of urls)
          await call('POST', `/tenants/${topic}/destinations`, {
            type: 'webhook',
            topics: ['*'],
            config: { url },
          });
        return {
          kind: 'json',
          url: `http://127.0.0.1:${port}/api/v1/publish`,
          headers: { authorization: `Bearer ${KEY}` },
          before: `{"tenant_id":"${topic}","eligible_for_retry":false,"data":`,
          after: '}',
        };
      },
      usage: () => usageOf({ app: [server.pid ?? 0], stores: [redis.pid, rabbit.pid, postgres.pid] }),
      close: () => workshop.close(),
    };
  } catch (error) {
    await workshop.close();
    throw error;
  }
}

function built(checkout: string): string {
  if (!existsSync(join(checkout, 'cmd/outpost-server')))
    throw new Error(`${checkout} is no checkout of Outpost: it has no cmd/outpost-server.`);
  const folder = join(checkout, '.bench');
  // Go builds only what has changed since.
  const go = programNamed('go', 'Go');
  execFileSync(go, ['build', '-o', `${folder}/`, './cmd/outpost', './cmd/outpost-server'], {
    ...{ cwd: checkout, stdio: 'inherit' },
  });
  return folder;
}

/** Throws when the answer is no 2xx. */
async function request(url: string, method: string, body?: unknown): Promise<string> {
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${text.slice(0, 300)}`);
  return text;
}
