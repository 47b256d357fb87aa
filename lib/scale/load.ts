// What the scale model is asked about: the load of a stage, and how the stage is set up.
import type { CallCounts } from '#lib/cost/bill.ts';
import type { Qos } from '#lib/subscription/subscription.ts';

export type ScaleLoad = {
  /** Subscriptions, over which the deliveries are spread evenly. The slow ones come on top. */
  readonly subscriptions: number;
  /** Deliveries a second, without those of slow subscriptions. */
  readonly rate: number;
  readonly latencyMs: number;
  /** Slow subscriptions: how many, how long their receivers take, and the messages a second of each. */
  readonly slow: number;
  readonly slowMs: number;
  readonly slowRate: number;
  /** Deliveries of one message. */
  readonly fanOut: number;
  readonly qos: Qos;
  /** Requests that one subscription may have in flight: 1 where all its messages are kept in order. */
  readonly inFlight: number;
  /** Lanes of a subscription. */
  readonly lanes: number;
  readonly perRequest: number;
  readonly bodyBytes: number;
  /** Secrets that the subscriptions name together. */
  readonly secrets: number;
  readonly tenants: number;
};

export type StageSettings = {
  readonly deliverMaximumConcurrency: number;
  readonly routeMaximumConcurrency: number;
  readonly slowDrainBudget: number;
  readonly memoryMb: number;
  readonly secretCacheSeconds: number;
  readonly configCacheSeconds: number;
  /** The account's concurrency of Lambda. */
  readonly accountConcurrency: number;
  /** Calls a second of each action on `deliveries.fifo`. */
  readonly fifoCalls: number;
};

/** Counted calls of a delivery: in full batches, and with one message a batch. */
export type CallsAtEnds = { readonly full: CallCounts; readonly alone: CallCounts };

/**
 * How the batches of `deliver` are filled, which AWS does not document: ten messages of different lanes, ten of one lane, or
 * one message. SQS fills a receive from one lane first, where messages of this lane wait. Batches have one message as long as
 * not every invocation is busy.
 */
export type BatchEnd = 'full' | 'oneLane' | 'alone';
/** The messages in a batch. */
export const messagesIn = (end: BatchEnd): number => (end === 'alone' ? 1 : 10);
