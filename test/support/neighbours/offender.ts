// An offender is something that may harm other subscriptions: an item that a customer may write, a receiver to which the item
// leads, or a message that somebody publishes.
import type { Neighbourhood } from './neighbourhood.ts';

export type Offender = {
  /** A noun phrase for the test's title, where it follows the word "beside". */
  readonly name: string;
  /** The kind of harm. The benchmark can be limited to some kinds. */
  readonly kind: 'secrets' | 'slow' | 'dns' | 'items' | 'answers' | 'sockets' | 'messages';
  /** The only operating system on which this offender can run. Undefined: any. */
  readonly onlyOn?: NodeJS.Platform;
  /**
   * The benchmark publishes the offender's messages once in so many milliseconds. Undefined: the offender delays no other
   * subscription, so the benchmark leaves it out.
   */
  readonly everyMs?: number;
  /** Whether only the benchmark runs it, because another test shows the harm of this offender without measuring a delay. */
  readonly onlyMeasured?: boolean;
  /** For how many seconds the benchmark measures the healthy subscriptions beside this offender. */
  readonly seconds?: number;
  /** The number of environments of each function, if the harm shows only with another number than the usual one. */
  readonly environments?: number;
  /** Environment variables that the benchmark adds to the functions. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The host name of the healthy subscriptions' callbacks. Undefined: their URLs have an IP address. */
  readonly healthyHost?: string;
  /** How many messages of each load are for the healthy subscriptions too. */
  readonly sharedMessages?: number;
  /** Puts the offender's items and starts its receivers. */
  start(neighbourhood: Neighbourhood): Promise<Offence>;
};

export type Offence = {
  /** Publishes one load of its messages. */
  send(): Promise<void>;
  /**
   * Whether the functions have worked on the offender's items or messages. Before that, healthy subscriptions prove nothing.
   */
  isSeen(): Promise<boolean>;
  /**
   * Describes each violation, such as a request with a foreign secret that reached the offender's receiver. Empty when there
   * is none.
   */
  violations?(): Promise<string[]>;
};
