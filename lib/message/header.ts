// Which header names and values may be sent. An invalid header of a message is dropped; the message is delivered.

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Visible characters, spaces, tabs, and the bytes above ASCII that HTTP allows. A line break is never allowed.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether HTTP allows the text as a header's name. */
export const isHeaderName = (name: string): boolean => TOKEN.test(name);
/** Whether the text may be sent as a header's value. */
export const isHeaderValue = (value: string): boolean => VALUE.test(value);

/** Of a message's headers in a request. Receivers take 8 to 16 KB for all headers, and answer 431 for more. */
export const MOST_HEADERS = 64;
export const MOST_HEADER_BYTES = 8_192;

const CONTENT_TYPE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+[\t ]*(?:;[\t\x20-\x7e]*)?$/;
/** Whether the text is a media type of at most 256 characters, with or without parameters. */
export const isContentType = (value: string): boolean => value.length <= 256 && CONTENT_TYPE.test(value);

// Headers of a single connection (RFC 9110, 7.6.1) and headers that the client computes: a publisher can't set them.
const RESERVED: ReadonlySet<string> = new Set([
  // axios removes these three without a word: it takes them for an attack on its objects.
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
