// What a seed means: subscriptions, messages, the receivers' answers, the faults of AWS calls and the events, with their
// times. All of it is drawn from the seed before the run begins, so a seed always has the same plan. The processes run in
// real time, so two runs of one plan may meet its faults in another order.

/** Milliseconds in which messages are published and faults happen. Then the faults end, and the rest has to arrive. */
export const FAULTY_MS = 1_800;

export type Qos = 'none' | 'auto' | 'at-most-once' | 'at-least-once';

/** The settings of an item that a seed draws and changes. */
export type Settings = {
  readonly qos: Qos;
  readonly byKey: boolean;
  readonly lanes: number;
  readonly batch?: { readonly format: string; readonly maxMessages: number };
  readonly filtered: boolean;
  /** An SQS queue, a Kafka topic without a broker, or one of a broker that is killed and frozen. */
  readonly dlq?: 'letters' | 'broken' | 'topic';
  readonly retry?: Readonly<Record<string, unknown>>;
  readonly interrupts: boolean;
  readonly stops: boolean;
  readonly secret: boolean;
  readonly named: boolean;
  readonly tenant?: string;
  readonly rateLimit?: { readonly requests: number; readonly perSeconds: number };
};

export type Answer =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly afterMs: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: (typeof SOCKET_FAULTS)[number]; readonly afterMs: number };

export const GOOD = { kind: 'status', status: 200, afterMs: 0 } as const satisfies Answer;
export const UNAVAILABLE = { kind: 'status', status: 503, afterMs: 0 } as const satisfies Answer;

/** What a receiver does to a connection instead of an ordinary answer; receiver.ts carries them out. */
export const SOCKET_FAULTS = [
  'hang',
  'reset-at-connect',
  'reset-in-request',
  'reset-after-request',
  'reset-in-answer',
  'reset-after-answer',
  'end-after-request',
  'end-in-answer',
  'half-close-in-request',
  'half-close-with-answer',
  'garbage',
  'interim-then-ok',
  'interim-flood',
  'switching-protocols',
  'bomb',
  'endless-body',
  'endless-head',
] as const;

export type PlannedSubscription = {
  readonly id: string;
  /** Its messages name its topic, and not its id. */
  readonly byTopic: boolean;
  readonly settings: Settings;
  /** The answers to its requests in their order of arrival; then 200. */
  readonly answers: readonly Answer[];
  /** Milliseconds after which the receiver closes a connection without a request; undefined: never. */
  readonly idleMs?: number;
};

/** Bodies that are no JSON; `no-json` is text that says nothing about its type, and so counts as JSON. */
export const CONTENTS = ['text', 'no-json', 'binary'] as const;

export type PlannedMessage = {
  readonly id: string;
  /** Its subscription, or the topic of several. */
  readonly to: { readonly subscription: string } | { readonly topic: string };
  readonly subscriptions: readonly string[];
  readonly key: string;
  readonly ordered: boolean;
  readonly keep: boolean;
  /** Of the published body. */
  readonly bytes: number;
  /** Undefined: JSON. */
  readonly content?: (typeof CONTENTS)[number];
  readonly atMs: number;
};

export const CALL_FAULTS = [
  'error',
  'throttle',
  'lost-answer',
  'late-answer',
  'slow',
  'partly',
  'partly-refused',
  'twice',
  'received-twice',
  'undeleted',
  'expired-receipt',
  'kill-before',
  'kill-after',
] as const;

/** The operation of a fault of the functions' n-th call, whichever operation it is. */
export const ANY_CALL = 'any';

export type CallFault = {
  readonly kind: (typeof CALL_FAULTS)[number];
  readonly operation: string;
  /** The calls of this operation that meet it, counted from 1. */
  readonly from: number;
  readonly times: number;
  /** Whose calls: those of the functions, or also those of Lambda's pollers. */
  readonly pollers: boolean;
  /** Calls for this queue alone are counted and meet it. Undefined: all calls of the operation. */
  readonly queue?: (typeof FAULTY_QUEUES)[number];
};

/** The queues that have faults of their own: messages on their way out of the ordinary come there. */
export const FAULTY_QUEUES = ['dead-letters', 'retries', 'undeliverable', 'deliveries.fifo'] as const;

export type Event = { readonly atMs: number } & (
  | { readonly do: 'kill'; readonly function: 'route' | 'deliver' | 'bridge' }
  | { readonly do: 'freeze'; readonly function: 'route' | 'deliver'; readonly forMs: number }
  /** These wait until an invocation of the function runs. */
  | { readonly do: 'kill'; readonly function: 'resume'; readonly afterMs: number }
  | { readonly do: 'freeze'; readonly function: 'bridge'; readonly forMs: number }
  | { readonly do: 'age'; readonly function: 'deliver' | 'bridge' | 'resume'; readonly toMs: number }
  | { readonly do: 'out-of-memory'; readonly function: 'deliver' }
  | { readonly do: 'jump'; readonly ms: number }
  /** The clocks of the functions' processes, in milliseconds against that of AWS: a process has one of them. */
  | { readonly do: 'skew'; readonly ms: readonly number[] }
  /** All environments are replaced: at once, or when no invocation runs. */
  | { readonly do: 'redeploy'; readonly isAbrupt: boolean }
  | { readonly do: 'change'; readonly subscription: string; readonly settings: Settings }
  | { readonly do: 'put-again' | 'delete' | 'break'; readonly subscription: string }
  | { readonly do: 'receiver-down' | 'receiver-up'; readonly subscription: string }
  | { readonly do: 'secret-absent' | 'secret-there' }
  | { readonly do: 'names-absent'; readonly how: 'silent' | 'unknown' | 'failing' }
  | { readonly do: 'names-slow'; readonly ms: number }
  | { readonly do: 'names-there' }
  | { readonly do: 'endpoint-absent' | 'endpoint-there' }
  | { readonly do: 'pause' | 'resume'; readonly subscription: string }
  | { readonly do: 'sweep' }
  | { readonly do: 'broker-killed' | 'broker-restarted' }
  | { readonly do: 'broker-frozen'; readonly forMs: number }
);

export type Plan = {
  readonly seed: number;
  readonly fifoDeletedAgain: 'success' | 'error';
  readonly fifoLateDelete: 'success' | 'error';
  readonly subscriptions: readonly PlannedSubscription[];
  readonly messages: readonly PlannedMessage[];
  readonly calls: readonly CallFault[];
  readonly events: readonly Event[];
  /**
   * The dead letters are redriven at the end, and this happens to the first send of the redrive. Or its function is killed so
   * long after it began, or becomes so old.
   */
  readonly redrive?: 'nothing' | CallFault['kind'] | { readonly afterMs: number } | { readonly toMs: number };
  /** Milliseconds after which AWS closes a function's connection without a call; undefined: never. */
  readonly awsIdleMs?: number;
};

type Dated = { readonly atMs: number };

/** Sorts messages or events into the order of their times. */
export const byTime = (one: Dated, other: Dated): number => one.atMs - other.atMs;
