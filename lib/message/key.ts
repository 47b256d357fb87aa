// The key of a message: its messages keep their order under `order: "key"`. It travels in the functions' own attribute, so
// its length is bounded here. Which key a message has is decided in published.ts.
import { hash } from 'node:crypto';

/** Characters of a key that travel as they are: as many as an SQS message group id has at most. */
const LONGEST = 128;

/**
 * The key as it travels. Any text is a key: one that is longer than a message group id, or no well-formed Unicode, travels
 * as its hash. Undefined for no key and for an empty one.
 */
export function keyOf(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  return text.length <= LONGEST && text.isWellFormed() ? text : `sha256:${hash('sha256', text, 'base64url')}`;
}
