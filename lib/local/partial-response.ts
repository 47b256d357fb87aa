// Lambda's rules for the partial batch response of a function: which records failed. Pure.

/** The ids of the failed records, or `all` with the reason: then none of the batch counts as done. */
export type FailedRecord = { kind: 'some'; ids: Set<string> } | { kind: 'all'; reason: string };

/**
 * Returns the failed records of a batch with these message ids. No answer, an empty answer and an empty list mean that all
 * succeeded. An answer with an id that is not in the batch fails the whole batch.
 */
export function failedRecords(answer: unknown, batch: readonly string[]): FailedRecord {
  if (isEmpty(answer)) return { kind: 'some', ids: new Set() };
  if (!isObject(answer)) return all('the answer is not an object');
  const list = answer.batchItemFailures;
  if (list === undefined || list === null) return { kind: 'some', ids: new Set() };
  if (!Array.isArray(list)) return all('batchItemFailures is not a list');
  const ids = new Set<string>();
  for (const item of list) {
    const id: unknown = isObject(item) ? item.itemIdentifier : undefined;
    if (typeof id !== 'string' || id === '') return all(`no itemIdentifier in ${JSON.stringify(item)}`);
    if (!batch.includes(id)) return all(`itemIdentifier ${id} is not in the batch`);
    ids.add(id);
  }
  return { kind: 'some', ids };
}

const all = (reason: string): FailedRecord => ({ kind: 'all', reason });

const isEmpty = (answer: unknown): boolean =>
  answer === undefined || answer === null || answer === '' || (Array.isArray(answer) && answer.length === 0);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
