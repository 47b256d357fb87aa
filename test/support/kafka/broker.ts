// One real Kafka broker (KRaft) on free ports of this machine, with a listener for every way to connect. It can be
// killed and started again on the same ports with the same data.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { watch } from '#lib/local/watchdog.ts';
import { install, javaArguments, missing, runJava } from './java.ts';

/** Certificates and keys that only these tests trust; the stores' password is `changeit`. */
export const TLS_FOLDER = new URL('./tls/', import.meta.url).pathname;
export const STORE_PASSWORD = 'changeit';
/** The administrator has all rights, with every mechanism; the other user has only the rights that a test grants. */
export const USER = { username: 'bridge', password: 'bridge-secret' };
export const OTHER_USER = { username: 'reader', password: 'reader-secret' };

export type KafkaAddresses = {
  /** The host:port of each listener. */
  readonly plaintext: string;
  readonly saslPlaintext: string;
  readonly saslSsl: string;
  /** The listener that requires a client certificate. */
  readonly ssl: string;
};

export type Broker = KafkaAddresses & {
  /** Kills the broker at once, like a failed machine. */
  kill(): Promise<void>;
  /** Starts the broker again with the same ports and data. Resolves when it is ready. */
  start(): Promise<void>;
  /** Freezes the broker: connections stay open and get no answers. */
  freeze(): void;
  thaw(): void;
  /** Stops the broker and removes its data. */
  close(): Promise<void>;
};

/** Starts a broker and resolves when it is ready. `settings` are added to server.properties. */
export async function startBroker(settings: Readonly<Record<string, string>> = {}): Promise<Broker> {
  const lacking = missing();
  if (lacking !== undefined) throw new Error(lacking);
  install();
  const folder = mkdtempSync(join(tmpdir(), 'sqs-webhooks-kafka-'));
  const [plaintext = 0, saslPlaintext = 0, saslSsl = 0, ssl = 0, controller = 0] = await freePorts(5);
  const ports = { plaintext, saslPlaintext, saslSsl, ssl, controller };
  const file = join(folder, 'server.properties');
  writeFileSync(file, propertiesOf({ ...properties(ports, folder), ...settings }));
  const scram = [USER, OTHER_USER].flatMap(({ username, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
  );
  const formatted = runJava('kafka.tools.StorageTool', ['format', '-t', CLUSTER, '-c', file, ...scram]);
  if (formatted.status !== 0)
    throw new Error(`Kafka's storage can't be made:\n${formatted.stdout}${formatted.stderr}`);

  let server: ChildProcess | undefined;
  const output: string[] = [];
  const removeAtExit = () => {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', removeAtExit);

  async function start(): Promise<void> {
    const child = spawn('java', javaArguments('kafka.Kafka', [file]), {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server = child;
    watch(child);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => output.splice(0, output.length - 200, chunk.toString()));
    for (let tries = 0; tries < 600; tries++) {
      if (child.exitCode !== null || child.signalCode !== null) break;
      if (await answers(plaintext)) return;
      await wait(100);
    }
    throw new Error(`Kafka does not start:\n${output.join('')}`);
  }

  async function kill(): Promise<void> {
    const child = server;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    plaintext: `127.0.0.1:${plaintext}`,
    saslPlaintext: `127.0.0.1:${saslPlaintext}`,
    saslSsl: `localhost:${saslSsl}`,
    ssl: `localhost:${ssl}`,
    kill,
    start,
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    async close() {
      await kill();
      process.off('exit', removeAtExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const CLUSTER = 'MkU3OEVBNTcwNTJENDM2Qk';
const LOGIN = 'org.apache.kafka.common.security';
const plainUsers = [USER, OTHER_USER]
  .map(({ username, password }) => `user_${username}="${password}"`)
  .join(' ');

function properties(
  { plaintext, saslPlaintext, saslSsl, ssl, controller }: Record<string, number>,
  folder: string,
): Record<string, string> {
  const sasl = ['sasl_plaintext', 'sasl_ssl'].flatMap((listener) => [
    [
      `listener.name.${listener}.plain.sasl.jaas.config`,
      `${LOGIN}.plain.PlainLoginModule required ${plainUsers};`,
    ],
    [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`, `${LOGIN}.scram.ScramLoginModule required;`],
    [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`, `${LOGIN}.scram.ScramLoginModule required;`],
  ]);
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${plaintext},SASL_PLAINTEXT://127.0.0.1:${saslPlaintext},SASL_SSL://127.0.0.1:${saslSsl},SSL://127.0.0.1:${ssl},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${plaintext},SASL_PLAINTEXT://127.0.0.1:${saslPlaintext},SASL_SSL://localhost:${saslSsl},SSL://localhost:${ssl}`,
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    ...Object.fromEntries(sasl),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(TLS_FOLDER, 'broker.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(TLS_FOLDER, 'ca.crt'),
    'listener.name.ssl.ssl.client.auth': 'required',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:ANONYMOUS;User:${USER.username};User:CN=client`,
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'num.partitions': '3',
    'auto.create.topics.enable': 'false',
    'log.cleaner.dedupe.buffer.size': '2097152',
  };
}

const propertiesOf = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(async (server) => {
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      return address.port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
