// The numbers of the scale model that the code does not hold: AWS's quotas, and assumed or measured times. AWS may have
// changed its quotas since they were read.

export const QUOTAS = {
  /** Of the documents that were read. */
  date: '2026-11',
  /** Invocations at once that one event source mapping can be given (`MaximumConcurrency`). */
  mappingConcurrency: 1_000,
  /**
   * Calls a second of each action on a high-throughput FIFO queue, by region. Other regions have fewer, 2,400 at the least: that
   * is taken for all of them.
   */
  fifoCalls: {
    'us-east-1': 70_000,
    'us-west-2': 70_000,
    'eu-west-1': 70_000,
    'us-east-2': 19_000,
    'eu-central-1': 19_000,
  },
  fifoCallsElsewhere: 2_400,
  /** Calls a second of each action for one message group, where each call has one message. */
  groupCalls: 300,
  /** Calls a second of each action on one partition of a FIFO queue. A message group is in one partition, by its hash. */
  partitionCalls: 300,
  /** Units a second of one DynamoDB table, unless the account's quota was raised. */
  tableUnits: 40_000,
  /** Units a second of one partition, and so of one item. */
  partitionReads: 3_000,
  partitionWrites: 1_000,
  /** `GetSecretValue`, calls a second. */
  secretCalls: 10_000,
  /** Memory that brings one whole CPU. */
  memoryOfOneCpuMb: 1_769,
} as const;

/** What is assumed or measured about a time has two ends: `low` is the fast one. */
export type Range = { readonly low: number; readonly high: number };

export const TIMES = {
  /** A call to AWS from a function. `deliver` makes two before its first request. Assumed. */
  callMs: { low: 8, high: 20 },
  /** To the callback and back. A new connection costs two, of TCP and of TLS 1.3. Assumed. */
  roundTripMs: { low: 20, high: 50 },
  /** CPU time of a TLS handshake in the function. Assumed: no benchmark of this project measures it. */
  tlsCpuMs: { low: 1.4, high: 2.4 },
} as const satisfies Record<string, Range>;

/** CPU time of a delivery in milliseconds, from BENCHMARKS.md: in the burst (full batches), and at 100 a second (one a batch). */
export const CPU_MS = {
  deliver: { full: 0.27, alone: 1.31 },
  route: { full: 0.12, alone: 0.67 },
} as const;

/** Bytes of an item of the table of subscriptions, and those that a waiting message has beside its payload. Assumed. */
export const ITEM_BYTES = 1_024;
const ENTRY_BYTES = 512;

/** Write units of a message in the backlog, when it is written and when it is removed. */
export const unitsOfEntry = ({ bodyBytes }: { readonly bodyBytes: number }): number =>
  Math.ceil((bodyBytes + ENTRY_BYTES) / 1024);
