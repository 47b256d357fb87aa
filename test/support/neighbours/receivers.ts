// Offenders that are receivers. Some are slow, some send bytes without end, and some keep every connection open.
import { pem } from '#test/support/tls/private.ts';
import type { Manner } from './hostile-server.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { Offence, Offender } from './offender.ts';

const SLOW_AFTER_MS = Number(process.env.SLOW_MS ?? 10_000);

/** Lambda's limit for a function. */
const LAMBDA_FILES = 1_024;
/** So few that the environment runs out of files before it reaches its own limit of connections. */
const FEW_FILES = 200;

/** Each function's process limits itself to this number of open files. */
const limitedTo = (files: number) => {
  const limit = `import { execFileSync } from 'node:child_process';
execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=${files}']);`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(limit)}` };
};

/** Subscriptions of one topic, all of them to one server. */
async function manyOf(
  count: number,
  { putSubscription, publish, serve }: Neighbourhood,
  manner: Manner,
  { configuration, ...top }: { readonly configuration?: object; readonly dlq?: object } = {},
): Promise<Offence> {
  const server = await serve(manner);
  for (let index = 0; index < count; index++) {
    await putSubscription({
      id: `offender-${index}`,
      topic: 'offender',
      ...top,
      configuration: { callbackUrl: `${server.url}/${index}`, ...configuration },
    });
  }
  return {
    send: () => publish({ topic: 'offender' }),
    isSeen: async () => (await server.count()) > 0,
  };
}

/** Each of the slow subscriptions gets a message in this time. */
const SLOW_EVERY_MS = 1_430;

/**
 * Each has a topic of its own, and they get their messages in turn. With one topic, a message would begin forty deliveries in
 * one moment, and their work alone, slow or not, would be the slowest delay beside them. `marked`: they are marked as slow
 * before the others begin.
 */
const slow = (count: number, name: string, { marked = false } = {}): Offender => ({
  name,
  kind: 'slow',
  onlyMeasured: true,
  everyMs: SLOW_EVERY_MS / count,
  seconds: 40,
  environments: 8,
  async start(neighbourhood) {
    const { putSubscription, publish, serve } = neighbourhood;
    const server = await serve({ status: 204, afterMs: SLOW_AFTER_MS });
    const ids = Array.from({ length: count }, (_, index) => `offender-${index}`);
    for (const id of ids) {
      const configuration = { callbackUrl: `${server.url}/${id}`, readTimeout: 30_000 };
      await putSubscription({ id, topic: id, configuration });
    }
    if (marked) await markAll(ids, neighbourhood);
    let at = 0;
    return {
      send: () => publish({ topic: ids[at++ % count] ?? '' }),
      isSeen: async () => (await server.count()) > 0,
    };
  },
});

/** Resolves when all are marked, and the exchanges by which they were marked are over. */
async function markAll(ids: readonly string[], { publish, isSlow, until }: Neighbourhood): Promise<void> {
  for (const topic of ids) await publish({ topic });
  await until(async () => (await Promise.all(ids.map(isSlow))).every((one) => one), 'all are marked');
  await new Promise((resolve) => setTimeout(resolve, SLOW_AFTER_MS));
}

/** Nine subscriptions: a batch may have one of each beside a message of a neighbour. Failures do not pause them. */
const pouring = (name: string, manner: Manner, configuration: object = {}): Offender => ({
  name,
  kind: 'answers',
  everyMs: 1_000,
  start: (neighbourhood) =>
    manyOf(9, neighbourhood, manner, {
      dlq: { endpoint: 'undeliverable' },
      configuration: {
        maxConcurrentConnections: 1,
        retry: { retryOption: 'No Retry' },
        interruptConsumptionOnException: false,
        interruptConsumptionOnServerError: false,
        ...configuration,
      },
    }),
});

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const headersOf = (kib: number) =>
  Array.from({ length: kib }, (_, index) => `x-${index}: ${'v'.repeat(1_000)}\r\n`).join('');

type ManyLanes = {
  readonly subscriptions: number;
  /** Open files that a function's process may have. */
  readonly files: number;
  readonly answerMs: number;
  /** Whether the receivers close each connection after their answer. */
  readonly closes?: boolean;
  /** Subscriptions that get ten messages with each load. */
  readonly eachLoad: number;
};

/** Subscriptions of ten lanes, whose connections may stay open for ten minutes. Each has ten connections when the others begin. */
const manyLanes = (
  name: string,
  { subscriptions, files, answerMs, closes = false, eachLoad }: ManyLanes,
  more: Partial<Offender>,
): Offender => ({
  name,
  kind: 'sockets',
  onlyOn: 'linux',
  environment: limitedTo(files),
  ...more,
  async start({ putSubscription, publish, serve, until }) {
    const headers = closes ? { connection: 'close' } : {};
    const server = await serve({ status: 204, afterMs: answerMs, headers });
    const configuration = { callbackUrl: server.url, maxConcurrentConnections: 10, idleTimeout: 600_000 };
    const ids = Array.from({ length: subscriptions }, (_, index) => `offender-${index}`);
    for (const id of ids) await putSubscription({ id, topic: id, configuration });
    const sendTo = async (some: readonly string[]) => {
      for (const topic of some) await publish({ topic, count: 10 });
    };
    await sendTo(ids);
    const first = 10 * subscriptions;
    await until(async () => (await server.count()) >= first, 'the first requests');
    let at = 0;
    return {
      send: () => sendTo(Array.from({ length: eachLoad }, () => ids[at++ % ids.length] ?? '')),
      isSeen: async () => (await server.count()) > first,
    };
  },
});

/** Messages a second of the benchmark's offenders with many lanes. */
const LANES_RATE = Number(process.env.LANES_RATE ?? 100);
const measuredLanes = (name: string, closes: boolean): Offender =>
  manyLanes(
    name,
    { subscriptions: 40, files: LAMBDA_FILES, answerMs: 100, closes, eachLoad: 1 },
    { onlyMeasured: true, everyMs: 10_000 / LANES_RATE },
  );

/** A receiver with an unusual answer that HTTP allows. Each of its messages has to be delivered once, in one attempt. */
const unusual = (name: string, bytes: string): Offender => ({
  name,
  kind: 'answers',
  async start({ putSubscription, publish, serve, pauseReason }) {
    const server = await serve({ bytes });
    await putSubscription({
      id: 'offender',
      topic: 'offender',
      qos: 'at-most-once',
      configuration: { callbackUrl: server.url },
    });
    return {
      send: () => publish({ topic: 'offender' }),
      isSeen: async () => (await server.count()) > 2,
      async violations() {
        const reason = await pauseReason('offender');
        return reason === undefined ? [] : [`the receiver is paused as ${reason}`];
      },
    };
  },
});

export const RECEIVERS: readonly Offender[] = [
  slow(1, 'one slow receiver'),
  slow(4, 'four slow receivers'),
  slow(40, 'forty slow receivers'),
  slow(40, 'forty slow receivers that are marked as slow already', { marked: true }),
  pouring('nine receivers of 103 answers without end', { bytes: '', pours: HINTS }),
  pouring('nine receivers of a chunk extension without end', { bytes: `${CHUNKED}2;`, pours: 'a' }),
  pouring('nine receivers of zeros of a chunk size without end', { bytes: CHUNKED, pours: '0' }),
  pouring('nine receivers of chunks of one byte without end', { bytes: CHUNKED, pours: '1\r\na\r\n' }),
  pouring('nine receivers of trailers without end', { bytes: `${CHUNKED}0\r\n`, pours: 'x: y\r\n' }),
  pouring('nine receivers of empty lines without end', { bytes: '', pours: '\r\n' }),
  pouring('nine receivers of a reason phrase without end', { bytes: 'HTTP/1.1 200 ', pours: 'a' }),
  pouring('nine receivers of headers without end', { bytes: 'HTTP/1.1 200 OK\r\n', pours: 'x: y\r\n' }),
  pouring('nine receivers of a body without end', {
    bytes: CHUNKED,
    pours: `${'1000\r\n'.padEnd(4_102, 'a')}\r\n`,
  }),
  pouring(
    'nine receivers of session tickets without end',
    { tickets: true },
    { ssl: { hostnameVerifier: false, trustStore: { type: 'PEM', content: pem('ca.crt') } } },
  ),
  pouring('nine receivers of a TLS handshake without end', { hellos: true }, { connectTimeout: 10_000 }),
  unusual('a receiver that sends 100 Continue unasked', `HTTP/1.1 100 Continue\r\n\r\n${OK}`),
  unusual(
    'a receiver that answers with headers of 60 KiB',
    `HTTP/1.1 200 OK\r\n${headersOf(60)}content-length: 2\r\n\r\nok`,
  ),
  // So late that the lanes of a batch have a connection each.
  manyLanes(
    'forty subscriptions of ten lanes that keep every connection, and few files',
    { subscriptions: 40, files: FEW_FILES, answerMs: 100, eachLoad: 5 },
    { environments: 1 },
  ),
  manyLanes(
    'a hundred subscriptions of ten lanes that keep every connection',
    { subscriptions: 100, files: LAMBDA_FILES, answerMs: 30, eachLoad: 5 },
    { environments: 1 },
  ),
  measuredLanes('forty subscriptions of ten lanes that keep every connection', false),
  measuredLanes('forty subscriptions of ten lanes that close every connection', true),
];
