// A webhook sender that the comparison drives: this set, or another one that runs on this machine.
import type { PublishTo } from './load.ts';
import type { Usage } from './usage.ts';

export type Sender = {
  readonly name: string;
  readonly version: string;
  /** Its stores and queues, with their versions. */
  readonly stores: string;
  /**
   * Registers one receiver for each URL under a topic of their own, and returns where to publish for them. A sender that has a
   * limit for each receiver makes at most `requestsAtOnce` to it.
   */
  subscribe(topic: string, urls: readonly string[], requestsAtOnce: number): Promise<PublishTo>;
  /** What its processes use now. */
  usage(): Usage;
  close(): Promise<void>;
};
