// Which header names and values may be sent. An invalid header of a message is dropped; the message is delivered.

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Visible characters, spaces, tabs, and the bytes above ASCII that HTTP allows. A line break is never allowed.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether HTTP allows the text as a header's name. */
export const isHeaderName = (name: string): boolean => TOKEN.test(name);
/** Whether the text may be sent as a header's value. */
export const isHeaderValue = (value: string): boolean => VALUE.test(value);

/** Of a message's headers in a request. Receivers take 8 to 16 KB for all headers, and answer 431 for more. */
const MOST_HEADERS = 64;
const MOST_HEADER_BYTES = 8_192;

const CONTENT_TYPE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+[\t ]*(?:;[\t\x20-\x7e]*)?$/;
/** Whether the text is a media type of at most 256 characters, with or without parameters. */
export const isContentType = (value: string): boolean => value.length <= 256 && CONTENT_TYPE.test(value);

// Headers of a single connection (RFC 9110, 7.6.1) and headers that the client computes: a publisher can't set them.
const RESERVED: ReadonlySet<string> = new Set([
  // JavaScript's own names: an assignment to an object loses the first, and each of them is used in attacks on objects.
  '__proto__',
  'constructor',
  'prototype',
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whether the header can't be set, or only by the client or this product. `name` is in lower case. */
export const isReservedHeader = (name: string): boolean => RESERVED.has(name) || name.startsWith('webhook-');

type Headers = Readonly<Record<string, string>>;
export type DroppedHeader = { readonly name: string; readonly why: string };

/** Divides a message's headers, whose names are in lower case, into those that a request carries and those that it does not. */
export function sendableHeaders(headers: Headers): {
  readonly sent: Headers;
  readonly dropped: readonly DroppedHeader[];
} {
  const sent: Record<string, string> = {};
  const dropped: DroppedHeader[] = [];
  let names = 0;
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    // As HTTP/1.1 writes it: a colon, a space, and the end of the line.
    const size = name.length + value.length + 4;
    const why = refusalOf(name, value) ?? excessOf(names + 1, bytes + size);
    if (why === undefined) {
      sent[name] = value;
      names += 1;
      bytes += size;
    } else dropped.push({ name, why });
  }
  return { sent, dropped };
}

/**
 * Bytes of headers that travel with a message for filters and dead letters only. An item of the state table has 400 KB, for
 * a body of up to 256 KiB too. In `undeliverable` a quote of a header takes four bytes and a control character seven,
 * beside the largest body.
 */
const MOST_UNSENT_BYTES = 32_768;
/** Names of such headers: thousands of names took 30 ms of CPU time in each delivery of the message. */
const MOST_UNSENT_NAMES = 500;
/** Of one character in UTF-8. */
const MOST_CHARACTER_BYTES = 3;

/** Divides a message's headers into those that travel with it, and counts the others. Those of a request always travel. */
export function travellingHeaders(headers: Headers): {
  readonly kept: Headers;
  readonly left: number;
} {
  let characters = 0;
  let names = 0;
  for (const name in headers) {
    characters += name.length + (headers[name]?.length ?? 0);
    names += 1;
  }
  const isSmall = characters * MOST_CHARACTER_BYTES <= MOST_UNSENT_BYTES && names <= MOST_UNSENT_NAMES;
  if (isSmall) return { kept: headers, left: 0 };
  const { sent } = sendableHeaders(headers);
  const kept: Record<string, string> = {};
  let bytes = 0;
  let unsent = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!Object.hasOwn(sent, name)) {
      const size = Buffer.byteLength(name) + Buffer.byteLength(value);
      if (unsent === MOST_UNSENT_NAMES || bytes + size > MOST_UNSENT_BYTES) continue;
      bytes += size;
      unsent += 1;
    }
    kept[name] = value;
  }
  return { kept, left: Object.keys(headers).length - Object.keys(kept).length };
}

function refusalOf(name: string, value: string): string | undefined {
  if (!isHeaderName(name))
    return "its name is none that HTTP allows: letters, digits and !#$%&'*+-.^_`|~ only";
  if (isReservedHeader(name)) return 'it belongs to the connection or to this product';
  if (!isHeaderValue(value)) return 'its value has characters that HTTP does not allow there';
  return undefined;
}

function excessOf(names: number, bytes: number): string | undefined {
  if (names > MOST_HEADERS) return `a message has at most ${MOST_HEADERS} headers`;
  if (bytes > MOST_HEADER_BYTES) return `the headers of a message have at most ${MOST_HEADER_BYTES} bytes`;
  return undefined;
}
