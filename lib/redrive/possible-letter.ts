// Whether the product can have written a letter. Whoever forges a letter writes other values, which neither DynamoDB, nor a
// request, nor a person who reads the answer can do anything with.
import { isContentType } from '#lib/message/header.ts';
import { isId, isTopic } from '#lib/message/published.ts';
import { isTraceparent, isTracestate } from '#lib/message/trace.ts';
import type { FoundLetter, StoredLetter } from './found-letter.ts';

/** The longest text of a key (message/key.ts). */
const LONGEST_KEY = 128;

/** Whether the letter's fields, beside its body, headers and excerpt, have values that the product writes. */
export function isPossible(found: FoundLetter): boolean {
  if (!isTime(found.at)) return false;
  return found.kind === 'unaddressed' || (hasTexts(found.carried) && hasNumbers(found));
}

function hasTexts({ subscription, messageId, topic, ...carried }: StoredLetter['carried']): boolean {
  const { contentType, key = '', traceparent, tracestate } = carried;
  return (
    isId(subscription) &&
    isId(messageId) &&
    (topic === undefined || isTopic(topic)) &&
    isContentType(contentType) &&
    key.length <= LONGEST_KEY &&
    key.isWellFormed() &&
    (traceparent === undefined || isTraceparent(traceparent)) &&
    (tracestate === undefined || isTracestate(tracestate))
  );
}

function hasNumbers({ carried: { publishedAt, rounds = 0 }, orderAt, sequence }: StoredLetter): boolean {
  // The sequence is a header of the request. Records of old versions have none, or a message id instead.
  return isTime(publishedAt) && isTime(orderAt) && rounds >= 0 && (sequence === '' || isId(sequence));
}

/** Whether the number of milliseconds is within the years that a Date knows. */
const isTime = (at: number): boolean => !Number.isNaN(new Date(at).getTime());
