// Batches: up to ten entries that succeed or fail each for itself, inside an answer of HTTP 200.
import type { OperationContext } from './operation.ts';
import { Refusal, wireOf } from './refusal.ts';

type Entry = { readonly Id: string };

export type FailedEntry = {
  readonly Id: string;
  readonly Code: string;
  readonly Message: string;
  readonly SenderFault: boolean;
};

const MOST_ENTRIES = 10;
const ENTRY_ID = /^[A-Za-z0-9_-]{1,80}$/;

/** Throws a Refusal for a batch that is refused as a whole. */
export function checkEntries(entries: readonly Entry[]): void {
  if (entries.length === 0)
    throw new Refusal('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > MOST_ENTRIES) {
    const message = `Maximum number of entries per request are ${MOST_ENTRIES}. You have sent ${entries.length}.`;
    throw new Refusal('TooManyEntriesInBatchRequest', message);
  }
  const seen = new Set<string>();
  for (const { Id } of entries) {
    if (!ENTRY_ID.test(Id)) {
      throw new Refusal(
        'InvalidBatchEntryId',
        'An entry id is 1 to 80 letters, digits, hyphens and underscores.',
      );
    }
    if (seen.has(Id)) throw new Refusal('BatchEntryIdsNotDistinct', `Id ${Id} repeated.`);
    seen.add(Id);
  }
}

/** Runs each entry in order; one that throws a Refusal is in `Failed`. */
export function runEntries<E extends Entry>(
  entries: readonly E[],
  run: (entry: E) => object,
  { refuses }: Pick<OperationContext, 'refuses'>,
): { Successful: object[]; Failed: FailedEntry[] } {
  const Successful: object[] = [];
  const failures: FailedEntry[] = [];
  for (const entry of entries) {
    const { Id } = entry;
    try {
      if (refuses(Id)) throw new Refusal('InternalError', 'A fault was ordered for this entry.');
      Successful.push({ Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { query, status } = wireOf(error.code);
      failures.push({ Id, Code: query, Message: error.message, SenderFault: status < 500 });
    }
  }
  return { Successful, Failed: failures };
}
