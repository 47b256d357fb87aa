// What harms others: an item that a customer may write, a receiver that it leads to, or a message that somebody publishes.
import type { Neighbourhood } from './neighbourhood.ts';

export type Offender = {
  /** What it is, as it reads after "beside". */
  readonly name: string;
  /** The kind of harm, for choosing some of them. */
  readonly kind: 'secrets' | 'slow' | 'dns' | 'items' | 'answers' | 'sockets' | 'messages';
  /** The only platform that has what it needs. */
  readonly onlyOn?: NodeJS.Platform;
  /** Milliseconds between two loads in the benchmark. Undefined: its harm is no delay, and it is not measured. */
  readonly everyMs?: number;
  /** Whether the benchmark alone has it: a test of its own shows the same without a delay. */
  readonly onlyMeasured?: boolean;
  /** Seconds that the benchmark measures beside it. */
  readonly seconds?: number;
  /** Environments of each function, where another number than usual shows the harm. */
  readonly environments?: number;
  /** Added to the environment of the functions. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The host name of the healthy subscriptions' callbacks, where it is a name. */
  readonly healthyHost?: string;
  /** How many messages of each load are for the healthy subscriptions too. */
  readonly sharedMessages?: number;
  /** Puts its items and starts its receivers. */
  start(neighbourhood: Neighbourhood): Promise<Offence>;
};

export type Offence = {
  /** Publishes one load of its messages. */
  send(): Promise<void>;
  /** Whether the functions have met it: without that the healthy ones prove nothing. */
  isSeen(): Promise<boolean>;
  /** What it reached or suffered that it must not, in words. */
  violations?(): Promise<string[]>;
};
