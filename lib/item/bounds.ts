// How large a config item may be. Checked before anything else is done with an item: a customer may have written it, and the
// time that one item takes is taken from all other subscriptions of the same function.
import { isObject, type JsonObject } from './json.ts';

export const MOST_ITEM_BYTES = 65_536;
/** Of all objects in the item together. The entries of lists are counted on their own, up to the same number. */
export const MOST_ITEM_KEYS = 500;

/** For a number, a boolean or null. */
const BYTES_OF_ANOTHER = 8;

/**
 * Says what is too much about an item, as the reason of a fault; undefined: nothing. Names and texts count in UTF-8. It
 * looks at no more than is allowed, so the largest item costs hardly more than one at the bound.
 */
export function tooLarge(item: unknown): string | undefined {
  const left = { bytes: MOST_ITEM_BYTES, keys: MOST_ITEM_KEYS, entries: MOST_ITEM_KEYS };
  const waiting: unknown[] = [item];
  while (waiting.length > 0) {
    take(waiting.pop());
    if (left.keys < 0) return `has more than ${MOST_ITEM_KEYS} keys, and is not read: ${REMOVE}`;
    if (left.entries < 0)
      return `has more than ${MOST_ITEM_KEYS} entries in its lists, and is not read: ${REMOVE}`;
    if (left.bytes < 0) return `is larger than ${MOST_ITEM_BYTES / 1024} KB, and is not read: ${REMOVE}`;
  }
  return undefined;

  function take(value: unknown): void {
    if (typeof value === 'string') takeText(value);
    else if (ArrayBuffer.isView(value)) left.bytes -= value.byteLength;
    else if (Array.isArray(value)) takeEntries(value.length, value);
    else if (value instanceof Set) takeEntries(value.size, value);
    else if (isObject(value)) takeKeys(value);
    else left.bytes -= BYTES_OF_ANOTHER;
  }

  /** A text has at least as many bytes as characters, so one that is too long is not measured. */
  function takeText(text: string): void {
    left.bytes -= text.length > left.bytes ? text.length : Buffer.byteLength(text);
  }

  function takeEntries(count: number, entries: Iterable<unknown>): void {
    left.entries -= count;
    if (left.entries >= 0) waiting.push(...entries);
  }

  function takeKeys(object: JsonObject): void {
    const keys = Object.keys(object);
    left.keys -= keys.length;
    if (left.keys < 0) return;
    for (const key of keys) {
      takeText(key);
      waiting.push(object[key]);
    }
  }
}

const REMOVE = 'remove what is not needed, and put credentials, stores and certificates into secrets';
