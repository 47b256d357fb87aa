// A webhook sender that the comparison drives: this set, or another one that runs on this machine.
import type { PublishTo } from './load.ts';

export type Sender = {
  readonly name: string;
  readonly version: string;
  /** Registers one receiver for each URL under a topic of their own, and returns where to publish for them. */
  subscribe(topic: string, urls: readonly string[]): Promise<PublishTo>;
  /** The processes of the sender itself, and those of the stores and queues that it needs. Their children count too. */
  readonly appPids: () => readonly number[];
  readonly storePids: () => readonly number[];
  close(): Promise<void>;
};
