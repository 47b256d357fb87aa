// The results of the commands: what the CLI prints with --json.
import type { ShownState } from '#lib/cli/actions/state-of.ts';

export type Status = {
  readonly phase: Exclude<ShownState, 'slow' | 'draining'>;
  readonly pause?: {
    readonly reason: string;
    readonly detail: string;
    readonly code?: string;
    readonly since: number;
    readonly failures: number;
    readonly resumeAt?: number;
  };
  readonly slow?: { readonly since: number };
  readonly closedLanes: readonly number[];
  readonly backlog?: number;
  readonly backlogIsAtLeast?: boolean;
  readonly oldestAt?: number;
  readonly held?: number;
  readonly heldIsAtLeast?: boolean;
};
export type StatusRow = Status & {
  readonly subscription: string;
  readonly topic?: string;
  /** Of a subscription to several topics. */
  readonly topics?: readonly string[];
};

type ItemFault = { readonly path: string; readonly reason: string };

export type Letter = {
  readonly id: string;
  readonly subscription?: string;
  readonly topic?: string;
  readonly reason: string;
  readonly status?: number;
  readonly code?: string;
  readonly attempts?: number;
  readonly rounds?: number;
  readonly at: string;
  readonly bytes: number;
  readonly excerpt?: string;
};

export type Counts = Readonly<Record<string, number>>;

export type Redriven = {
  readonly redriveId: string;
  readonly seen: number;
  readonly left: number;
  readonly matched: number;
  readonly sent: number;
  readonly skipped: Counts;
  readonly notes?: readonly string[];
  readonly counts?: { readonly bySubscription: Counts; readonly byStatus: Counts; readonly byReason: Counts };
  readonly sample?: readonly Letter[];
};

export type WaitingMessage = {
  readonly lane: number;
  readonly messageId: string;
  readonly topic?: string;
  readonly publishedAt: number;
  readonly parkedAt: number;
  readonly attempt: number;
};

export type HeldMessage = {
  readonly messageId: string;
  readonly reason: string;
  readonly status?: number;
  readonly code?: string;
  readonly at: string;
};

export type Tested = {
  readonly webhookId: string;
  readonly outcome: string;
  readonly status?: number;
  readonly code?: string;
  readonly message: string;
  readonly durationMs: number;
  readonly headers: readonly string[];
  readonly excerpt?: string;
};

/** A step of a message, as `attempts --json` prints it. */
export type AttemptStep = {
  /** ISO 8601. */
  readonly at: string;
  readonly step: string;
  readonly subscription?: string;
  readonly messageId?: string;
  readonly sqsMessageId?: string;
  readonly topic?: string;
  readonly deliveries?: number;
  readonly to?: string;
  readonly attempt?: number;
  readonly outcome?: string;
  readonly status?: number;
  readonly code?: string;
  readonly action?: string;
  readonly fate?: string;
  readonly durationMs?: number;
  readonly waitedMs?: number;
  readonly lane?: number;
  readonly notBefore?: string;
  readonly endpoint?: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly error?: string;
  readonly redriveId?: string;
  readonly requestHeaders?: string;
  readonly requestBody?: string;
  readonly answerHeaders?: string;
  readonly answerBody?: string;
};

export type WayEndShown = {
  readonly subscription?: string;
  readonly messageId?: string;
  readonly where: string;
  readonly reason?: string;
};

/** The fields of the filter of dead letters, as the options of `dead-letters list`. */
export type LetterFilter = Readonly<Record<string, string | readonly string[]>>;

type Decided = { readonly subscription: string; readonly message: string; readonly messageId?: string };
type HeldDecided = { readonly messages: readonly string[] };
export type ShownItem = Readonly<Record<string, unknown>>;

export type Results = {
  about: {
    readonly stage: string;
    readonly region?: string;
    readonly endpointUrl?: string;
    readonly profile?: string;
  };
  status: readonly StatusRow[];
  'status-of': Status & { readonly subscription: string; readonly message: string };
  'subscriptions-get': ShownItem;
  'subscriptions-check': {
    readonly checked: number;
    readonly refused: readonly { readonly name: string; readonly faults: readonly ItemFault[] }[];
  };
  'subscriptions-put': readonly {
    readonly id: string;
    readonly item: string;
    readonly secrets: readonly { readonly path: string; readonly secret: string; readonly done: string }[];
  }[];
  'subscriptions-test': Tested;
  pause: Decided;
  resume: Decided;
  look: Decided;
  'skip-head': Decided;
  'dead-letter-head': Decided;
  'backlog-list': { readonly waiting: readonly WaitingMessage[]; readonly more: boolean };
  'held-list': { readonly held: readonly HeldMessage[]; readonly more: boolean };
  'held-send': HeldDecided;
  'held-discard': HeldDecided;
  attempts: {
    /** The attempts that were asked for, the oldest first. */
    readonly attempts?: readonly AttemptStep[];
    /** Only for a message: all of its steps, and where it is now. */
    readonly steps?: readonly AttemptStep[];
    readonly ends?: readonly WayEndShown[];
    /** Whether there may be older steps. */
    readonly more: boolean;
  };
  'endpoints-list': readonly {
    readonly name: string;
    readonly type?: string;
    readonly goes?: string;
    readonly fault?: string;
  }[];
  'dead-letters-list': { readonly letters: readonly Letter[]; readonly seen: number; readonly left: number };
  redrive: Redriven;
  publish: {
    readonly published: number;
    readonly messages: readonly { readonly id: string; readonly sqsMessageId: string }[];
  };
};
