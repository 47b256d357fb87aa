// A dead letter on its way to an endpoint, and the possible results there.
import type { SQSRecord } from 'aws-lambda';
import type { DeadLetter } from '#lib/message/attribute.ts';

export type BridgedLetter = {
  readonly record: SQSRecord;
  readonly letter: DeadLetter;
};

export type Passed =
  /** The endpoint confirmed it. */
  | { readonly kind: 'taken' }
  /** The endpoint will never take this letter; it may take others. */
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string }
  /** The endpoint is down: the letter waits. */
  | { readonly kind: 'waits'; readonly reason: WaitReason; readonly detail: string };

/** `missing`: the topic or queue does not exist, which waiting alone can't heal. */
export type WaitReason = 'missing' | 'rights' | 'credentials' | 'unreachable';

/** Publishes letters to one endpoint. */
export type Publisher = {
  /** Returns the result of each letter, in order, by `endsAt` (epoch milliseconds). Never rejects. */
  publish(letters: readonly BridgedLetter[], endsAt: number): Promise<readonly Passed[]>;
  /** Closes the connections without waiting for them. */
  close(): void;
};
