// Reads ASN.1 in BER, of which DER is a part: the form of keys and key stores. Only what those use: tags of one byte. It
// decrypts nothing, and what it reads is bounded, because customers write key stores.

export type Ber = {
  /** The first byte: class, whether it is constructed, and number. */
  readonly tag: number;
  /** The bytes after tag and length; of a constructed value these are its parts, each with its tag and length. */
  readonly content: Buffer;
  /** The parts of a constructed value; none of a primitive one. */
  readonly parts: readonly Ber[];
};

export const TAG = {
  integer: 0x02,
  octets: 0x04,
  oid: 0x06,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

const CONSTRUCTED = 0x20;
const MOST_VALUES = 10_000;
const DEEPEST = 32;

/** Reads the one value that the bytes hold; undefined when they are not BER, or have too many or too deep values. */
export function readBer(bytes: Buffer): Ber | undefined {
  let left = MOST_VALUES;
  const read = readOne(0, bytes.length, 0);
  return read?.next === bytes.length ? read.value : undefined;

  function readOne(at: number, end: number, depth: number): { value: Ber; next: number } | undefined {
    left -= 1;
    const [tag, first] = [bytes[at], bytes[at + 1]];
    if (left < 0 || depth > DEEPEST || tag === undefined || first === undefined || at + 2 > end)
      return undefined;
    if ((tag & 0x1f) === 0x1f) return undefined;
    if (first === 0x80)
      return isConstructed(tag) ? readParts(tag, at + 2, { end, depth, isOpen: true }) : undefined;
    const lengthBytes = first > 0x80 ? first & 0x7f : 0;
    const start = at + 2 + lengthBytes;
    if (lengthBytes > 4 || start > end) return undefined;
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
    const next = start + length;
    if (next > end) return undefined;
    if (isConstructed(tag)) return readParts(tag, start, { end: next, depth, isOpen: false });
    return { value: { tag, content: bytes.subarray(start, next), parts: [] }, next };
  }

  /** `isOpen`: the length is indefinite, and two zero bytes end the value. */
  function readParts(
    tag: number,
    start: number,
    { end, depth, isOpen }: { readonly end: number; readonly depth: number; readonly isOpen: boolean },
  ): { value: Ber; next: number } | undefined {
    const parts: Ber[] = [];
    let at = start;
    for (;;) {
      if (isOpen && bytes[at] === 0 && bytes[at + 1] === 0 && at + 2 <= end) break;
      if (!isOpen && at === end) break;
      const part = readOne(at, end, depth + 1);
      if (part === undefined) return undefined;
      parts.push(part.value);
      at = part.next;
    }
    return { value: { tag, content: bytes.subarray(start, at), parts }, next: isOpen ? at + 2 : at };
  }
}

/** The bytes of an OCTET STRING, also of one in pieces, or with a tag of its context; undefined for another value. */
export function octetsIn(value: Ber | undefined): Buffer | undefined {
  if (value === undefined) return undefined;
  if (value.parts.length === 0)
    return isConstructed(value.tag) && value.content.length > 0 ? undefined : value.content;
  const pieces = value.parts.map(octetsIn);
  return pieces.every((piece) => piece !== undefined) ? Buffer.concat(pieces) : undefined;
}

const isConstructed = (tag: number): boolean => (tag & CONSTRUCTED) !== 0;

/** A natural number; Infinity for one of more than four bytes; undefined for another value, or a negative one. */
export function naturalIn(value: Ber | undefined): number | undefined {
  if (value?.tag !== TAG.integer || value.content.length === 0 || (value.content[0] ?? 0) > 0x7f)
    return undefined;
  const first = value.content.findIndex((byte) => byte !== 0);
  if (first === -1) return 0;
  const significant = value.content.subarray(first);
  return significant.length > 4 ? Number.POSITIVE_INFINITY : significant.readUIntBE(0, significant.length);
}

/** An object identifier in its dotted form; an empty text for another value. */
export function oidIn(value: Ber | undefined): string {
  if (value?.tag !== TAG.oid || value.content.length > 32) return '';
  const numbers: number[] = [];
  let number = 0;
  for (const byte of value.content) {
    number = number * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(number);
      number = 0;
    }
  }
  const [both = 0, ...rest] = numbers;
  const first = Math.min(Math.floor(both / 40), 2);
  return [first, both - first * 40, ...rest].join('.');
}
