// The bytes of a planned message: what is published, and what a receiver gets. The filler is drawn from the message's id, so that
// no two parts of it are the same.
import { createHash, hash } from 'node:crypto';
import { createRandom } from '#test/support/agenda.ts';
import type { PlannedMessage } from './plan.ts';

/** Letters of one to four bytes in UTF-8. */
const LETTERS = ['a', 'Z', '7', ' ', '/', '<', 'é', 'ß', 'Ж', '漢', '\u2028', '\u0301', '😀'] as const;
/** Of the literal of a JSON string: a program that parses it and writes it anew makes other bytes of it. */
const ESCAPED = ['\\u00e9', '\\/', '\\n', '\\"', '\\\\', '\\ud83d\\ude00'] as const;
/** Bytes of the longest letter. The filler ends when no such letter would fit. */
const LEAST = 12;

/** Returns the body as it is published: text, in base64 where it is binary. */
export function bodyOf({ id, key, keep, bytes, content }: PlannedMessage): string {
  switch (content) {
    case undefined: {
      // A filter reads it, and a batch of any format takes it.
      const gap = hasLineBreak(id) ? '\n' : ' ';
      const head = `{"id":${JSON.stringify(id)},${gap}"key":${JSON.stringify(key)},"keep":${keep},"pad":"`;
      return `${head}${filler(id, bytes - Buffer.byteLength(head) - 2, [...LETTERS, ...ESCAPED])}"}`;
    }
    case 'text':
    case 'no-json':
      return `${id}: ${filler(id, bytes - id.length - 2, LETTERS)}`;
    case 'binary':
      return binary(id, Math.floor((bytes * 3) / 4)).toString('base64');
    default:
      return content satisfies never;
  }
}

/** Returns the bytes that a receiver gets, and that are the value of a Kafka record. */
export const bytesOf = (message: PlannedMessage): Buffer =>
  Buffer.from(bodyOf(message), message.content === 'binary' ? 'base64' : 'utf8');

/** A fifth of the messages can't be a line of NDJSON. */
const hasLineBreak = (id: string): boolean => /[37]$/.test(id);

/** The publisher's own header. Its value is the message's id. */
export const OWN_HEADER = 'x-own';

/** The attributes that say what the body is, and the headers of its request. Without a type it is JSON. */
export function attributesOf({ id, content }: PlannedMessage): Readonly<Record<string, string>> {
  const headers = JSON.stringify({ [OWN_HEADER]: id });
  if (content === 'text') return { headers, 'content-type': TYPES.text };
  if (content === 'binary') return { headers, 'content-type': TYPES.binary, encoding: 'base64' };
  return { headers };
}

const TYPES = { text: 'text/plain; charset=utf-8', binary: 'application/octet-stream' } as const;

/** The headers of the request that has only this message. */
export const headersOf = ({ id, content }: PlannedMessage): Readonly<Record<string, string>> => ({
  [OWN_HEADER]: id,
  'content-type': content === 'text' || content === 'binary' ? TYPES[content] : 'application/json',
});

function filler(id: string, bytes: number, letters: readonly string[]): string {
  const random = createRandom(createHash('sha256').update(id).digest().readInt32BE());
  const lengths = letters.map((letter) => Buffer.byteLength(letter));
  const parts: string[] = [];
  for (let left = bytes; left >= LEAST; ) {
    const index = Math.floor(random() * letters.length);
    left -= lengths[index] ?? 0;
    parts.push(letters[index] ?? '');
  }
  return parts.join('');
}

/** Without the bytes 1 to 3, which Kafka's console consumer prints between the parts of a record. */
function binary(id: string, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < length; at += 64) blocks.push(hash('sha512', `${id} ${at}`, 'buffer'));
  const bytes = Buffer.concat(blocks)
    .subarray(0, Math.max(1, length))
    .map((byte) => (byte >= 1 && byte <= 3 ? byte + 3 : byte));
  return Buffer.from(bytes);
}
