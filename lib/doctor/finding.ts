// The doctor's report: its findings, and the checks that it could not make. Every check writes into one Report.

/**
 * `error`: messages are lost or delayed, or go to a wrong place. `warning`: this may happen later, or an operator should
 * know of it.
 */
export type Severity = 'error' | 'warning';

/** The kinds of checks, in the order in which they are shown. */
export const CHECK_NAMES = [
  'stack',
  'parameters',
  'queues',
  'tables',
  'functions',
  'mappings',
  'schedule',
  'roles',
  'capacity',
  'alarms',
  'undeliverable',
  'subscriptions',
  'secrets',
  'names',
  'endpoints',
  'clock',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

export type Finding = {
  readonly check: CheckName;
  readonly severity: Severity;
  /** A sentence. */
  readonly what: string;
  /** The name of the resource or item. */
  readonly where: string;
  /** A sentence that says how to mend it. */
  readonly fix: string;
};

export type NotLookedAt = { readonly check: CheckName; readonly what: string; readonly why: string };

export type Report = {
  readonly findings: Finding[];
  readonly notLookedAt: NotLookedAt[];
  /** Questions that AWS answered. */
  looks: number;
};
