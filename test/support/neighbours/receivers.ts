// Offenders that are receivers. Some are slow, some send bytes without end, and some keep every connection open.
import type { Manner } from './hostile-server.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { Offence, Offender } from './offender.ts';

const SLOW_AFTER_MS = Number(process.env.SLOW_MS ?? 10_000);

const MOST_FILES = 200;
/**
 * The process limits itself to this number of open files. It is smaller than Lambda's, so that a test can use all of them.
 */
const LIMIT = `import { execFileSync } from 'node:child_process';
execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=${MOST_FILES}']);`;
const FEW_FILES = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(LIMIT)}` };

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

const slow = (count: number, name: string): Offender => ({
  name,
  kind: 'slow',
  onlyMeasured: true,
  everyMs: 1_430,
  seconds: 40,
  environments: 8,
  start: (neighbourhood) =>
    manyOf(
      count,
      neighbourhood,
      { status: 204, afterMs: SLOW_AFTER_MS },
      {
        configuration: { readTimeout: 30_000 },
      },
    ),
});

/** Nine subscriptions: a batch may have one of each beside a message of a neighbour. Failures do not pause them. */
const pouring = (name: string, manner: Manner, more: Partial<Offender> = {}): Offender => ({
  name,
  kind: 'answers',
  everyMs: 1_000,
  ...more,
  start: (neighbourhood) =>
    manyOf(9, neighbourhood, manner, {
      dlq: { endpoint: 'undeliverable' },
      configuration: {
        maxConcurrentConnections: 1,
        retry: { retryOption: 'No Retry' },
        interruptConsumptionOnException: false,
        interruptConsumptionOnServerError: false,
      },
    }),
});

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const headersOf = (kib: number) =>
  Array.from({ length: kib }, (_, index) => `x-${index}: ${'v'.repeat(1_000)}\r\n`).join('');

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
  unusual('a receiver that sends 100 Continue unasked', `HTTP/1.1 100 Continue\r\n\r\n${OK}`),
  unusual(
    'a receiver that answers with headers of 60 KiB',
    `HTTP/1.1 200 OK\r\n${headersOf(60)}content-length: 2\r\n\r\nok`,
  ),
  {
    name: 'forty subscriptions of ten lanes that keep every connection',
    kind: 'sockets',
    onlyOn: 'linux',
    everyMs: 1_000,
    environments: 1,
    environment: FEW_FILES,
    async start({ putSubscription, publish, serve, until }) {
      // So late that the lanes of a batch have a connection each.
      const server = await serve({ status: 204, afterMs: 100 });
      const configuration = { callbackUrl: server.url, maxConcurrentConnections: 10, idleTimeout: 600_000 };
      const ids = Array.from({ length: 40 }, (_, index) => `offender-${index}`);
      for (const id of ids) await putSubscription({ id, topic: id, configuration });
      const sendTo = async (some: readonly string[]) => {
        for (const topic of some) await publish({ topic, count: 10 });
      };
      // Most of the connections are there before anything is expected of the others.
      await sendTo(ids);
      await until(async () => (await server.count()) >= MOST_FILES, 'the first requests');
      let at = 0;
      return {
        send: () => sendTo(Array.from({ length: 5 }, () => ids[at++ % ids.length] ?? '')),
        isSeen: async () => (await server.count()) > MOST_FILES,
      };
    },
  },
];
