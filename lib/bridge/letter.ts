// A dead letter on its way to an endpoint, and what can become of it there.
import type { SQSRecord } from 'aws-lambda';
import type { DeadLetter } from '#lib/message/attribute.ts';

export type BridgedLetter = {
  readonly record: SQSRecord;
  readonly letter: DeadLetter;
};

export type Passed =
  /** The endpoint has it, and said so. */
  | { readonly kind: 'taken' }
  /** The endpoint will never take this letter; others it may. */
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string }
  /** Nothing is wrong with the letter: it waits until the endpoint is in order. */
  | { readonly kind: 'waits'; readonly reason: WaitReason; readonly detail: string };

/** `missing`: the topic or the queue is not there, which time alone does not mend. */
export type WaitReason = 'missing' | 'rights' | 'credentials' | 'unreachable';

/** Where letters of one endpoint go. */
export type Publisher = {
  /** What became of each, in order; by `endsAt`, epoch milliseconds. Never rejects. */
  publish(letters: readonly BridgedLetter[], endsAt: number): Promise<readonly Passed[]>;
  /** Ends its connections; does not wait for them. */
  close(): void;
};
