// Which header names and values may go out on the wire. A message's bad header is dropped, never the message.

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Visible characters, spaces and tabs, and the bytes above ASCII that HTTP lets pass; no line break can get in.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export const isHeaderName = (name: string): boolean => TOKEN.test(name);
export const isHeaderValue = (value: string): boolean => VALUE.test(value);

const CONTENT_TYPE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+[\t ]*(?:;[\t\x20-\x7e]*)?$/;
export const isContentType = (value: string): boolean => CONTENT_TYPE.test(value);

// What belongs to one connection (RFC 9110, 7.6.1) or is worked out by the client: never a publisher's to set.
const RESERVED: ReadonlySet<string> = new Set([
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

/** True for names that nobody but the client, or this product, may set. `name` is in lower case. */
export const isReservedHeader = (name: string): boolean => RESERVED.has(name) || name.startsWith('webhook-');
