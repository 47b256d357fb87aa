// The programs that the other senders need: builds them from a checkout, starts them in a folder of their own, and ends them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chownSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '#test/support/free-port.ts';

export type Workshop = {
  readonly folder: string;
  /** Starts a program; its output goes to a file of its name. */
  start(name: string, command: readonly string[], options?: StartOptions): Promise<ChildProcess>;
  /** Ends all programs and removes the folder. */
  close(): Promise<void>;
};
type StartOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** The start is over when this port of 127.0.0.1 answers. */
  readonly port?: number;
  readonly owner?: number;
};

const READY_MS = 90_000;
const LOG_END_BYTES = 600;
/** Debian keeps PostgreSQL's and RabbitMQ's programs outside PATH. */
const ELSEWHERE = ['/usr/lib/rabbitmq/bin', '/usr/sbin', '/usr/local/sbin'];

/** The path of a program. Throws where there is none. */
export function programNamed(name: string, what: string): string {
  const postgres = '/usr/lib/postgresql';
  const versions = isFolder(postgres) ? readdirSync(postgres).map((one) => join(postgres, one, 'bin')) : [];
  for (const folder of [
    ...ELSEWHERE.slice(0, 1),
    ...(process.env.PATH ?? '').split(delimiter),
    ...ELSEWHERE,
    ...versions,
  ]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // It is not in this folder.
    }
  }
  throw new Error(`${name} was not found: install ${what}, or put it on the PATH.`);
}

function isFolder(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A folder for a peer's programs and data. */
export function openWorkshop(name: string): Workshop {
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const running: ChildProcess[] = [];
  const killAll = () => {
    for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
  };
  process.once('exit', killAll);
  return {
    folder,
    async start(program, [command = '', ...args], { env = {}, port, owner } = {}) {
      const log = openSync(join(folder, `${program}.log`), 'a');
      const child = spawn(command, args, {
        ...{ cwd: folder, env: { ...process.env, HOME: folder, ...env }, stdio: ['ignore', log, log] },
        ...(owner !== undefined && { uid: owner }),
      });
      running.push(child);
      const failed = once(child, 'error').then(([error]) => Promise.reject(error));
      const ended = once(child, 'exit').then(([code]) =>
        Promise.reject(new Error(`${program} ended with ${code}: ${endOf(join(folder, `${program}.log`))}`)),
      );
      failed.catch(() => {});
      ended.catch(() => {});
      if (port !== undefined) await Promise.race([failed, ended, isListening(port, program)]);
      return child;
    },
    async close() {
      process.off('exit', killAll);
      for (const child of running.reverse()) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGTERM');
        const gone = await Promise.race([once(child, 'exit'), wait(5_000)]);
        if (gone === undefined) child.kill('SIGKILL');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The last lines of a log. */
const endOf = (file: string): string => readFileSync(file, 'utf8').slice(-LOG_END_BYTES).trim();

async function isListening(port: number, name: string): Promise<void> {
  const until = performance.now() + READY_MS;
  while (performance.now() < until) {
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await wait(200);
  }
  throw new Error(`${name} did not listen on port ${port} within ${READY_MS / 1000} s`);
}

/** What a program says of its version, in one line. */
const versionOf = (program: string, args: readonly string[] = ['--version']): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** Starts Redis without persistence. */
export async function startRedis(workshop: Workshop) {
  const program = programNamed('redis-server', 'Redis');
  const port = await freePort();
  const child = await workshop.start(
    'redis',
    [program, '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { port },
  );
  const [, version = ''] = /v=(\S+)/.exec(versionOf(program)) ?? [];
  return { port, pid: child.pid ?? 0, version: `Redis ${version}` };
}

/** Starts PostgreSQL with an empty database. It refuses to run as root, so root gives it to another user. */
export async function startPostgres(workshop: Workshop) {
  const [initdb, postgres] = [programNamed('initdb', 'PostgreSQL'), programNamed('postgres', 'PostgreSQL')];
  const port = await freePort();
  const data = join(workshop.folder, 'postgres');
  mkdirSync(data);
  const owner = process.getuid?.() === 0 ? (userNumber('postgres') ?? userNumber('nobody')) : undefined;
  if (owner !== undefined) for (const path of [workshop.folder, data]) chownSync(path, owner, -1);
  execFileSync(initdb, ['-D', data, '-U', 'bench', '-A', 'trust', '--no-sync'], {
    stdio: 'ignore',
    cwd: workshop.folder,
    ...(owner !== undefined && { uid: owner }),
  });
  const settings = [
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${data}`,
    '-c',
    'max_connections=300',
  ];
  const version = versionOf(postgres).replace(/^postgres \((\w+)\)/, '$1');
  const child = await workshop.start('postgres', [postgres, '-D', data, '-p', String(port), ...settings], {
    port,
    ...(owner !== undefined && { owner }),
  });
  return { url: `postgres://bench@127.0.0.1:${port}/postgres`, pid: child.pid ?? 0, version };
}

function userNumber(name: string): number | undefined {
  try {
    return Number(
      execFileSync('id', ['-u', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch {
    return undefined;
  }
}

/** Starts RabbitMQ as a node of its own. */
export async function startRabbit(workshop: Workshop) {
  const program = programNamed('rabbitmq-server', 'RabbitMQ');
  const epmd = programNamed('epmd', 'Erlang');
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()];
  // RabbitMQ would start it as a daemon, which stays when RabbitMQ has ended.
  await workshop.start('epmd', [epmd, '-address', '127.0.0.1', '-port', String(names)], { port: names });
  const child = await workshop.start('rabbitmq', [program], {
    port,
    env: {
      RABBITMQ_NODENAME: `bench${port}@localhost`,
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: join(workshop.folder, 'rabbitmq'),
      RABBITMQ_LOG_BASE: join(workshop.folder, 'rabbitmq-log'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(workshop.folder, 'rabbitmq-plugins'),
      ERL_EPMD_PORT: String(names),
      ERL_EPMD_ADDRESS: '127.0.0.1',
    },
  });
  const version = `RabbitMQ ${versionOf(programNamed('rabbitmqctl', 'RabbitMQ'), ['version'])}`;
  return { url: `amqp://guest:guest@127.0.0.1:${port}`, pid: child.pid ?? 0, version };
}
