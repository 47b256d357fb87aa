// What the doctor reports: findings, and what it could not look at. Every check writes into one Report.

/** `error`: messages are lost, held up or go where they must not. `warning`: this may follow, or an operator should know. */
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
  /** What to do, as a sentence. */
  readonly fix: string;
};

export type NotLookedAt = { readonly check: CheckName; readonly what: string; readonly why: string };

export type Report = {
  readonly findings: Finding[];
  readonly notLookedAt: NotLookedAt[];
  /** Questions that AWS answered. */
  looks: number;
};
