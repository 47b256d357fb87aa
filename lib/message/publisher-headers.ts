// The publisher's attribute `headers`: a JSON object of texts, which become headers of the request.
import { withoutMark } from '#lib/item/json.ts';
import { isContentType } from './header.ts';

/**
 * The headers that travel with a message, in UTF-8 bytes. A request has fewer (header.ts). While the message waits in the
 * backlog, they are in an item of DynamoDB, which has 400 KB at most, beside up to 256 KiB of body.
 */
const MOST_CARRIED_BYTES = 65_536;

/**
 * Takes the content type out of the headers, and returns it if it is a media type. It is used when there is no attribute
 * `content-type`.
 */
export function takeContentType(headers: Record<string, string>): string | undefined {
  const { 'content-type': contentType } = headers;
  delete headers['content-type'];
  return contentType !== undefined && isContentType(contentType) ? contentType : undefined;
}

type HeadersRead = {
  readonly headers: Record<string, string>;
  /** Names that can't be used. */
  readonly ignored: readonly string[];
  /** Number of headers that were left out because they are too large together. */
  readonly dropped: number;
};

/** Reads the attribute, names in lower case. Undefined: it is no JSON object of texts. */
export function headersOf(text: string | undefined): HeadersRead | undefined {
  if (text === undefined) return { headers: {}, ignored: [], dropped: 0 };
  let json: unknown;
  try {
    json = JSON.parse(withoutMark(text));
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const texts: Record<string, string> = {};
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (typeof value !== 'string') return undefined;
    const lower = name.toLowerCase();
    // An assignment to it would be lost without a trace, here and wherever the message is parsed again.
    if (lower === '__proto__') ignored.push(`headers.${lower}`);
    else texts[lower] = value;
  }
  return { ...carriedHeaders(texts), ignored };
}

/** Divides headers into those that travel with a message, in their order, and the number of the others. */
export function carriedHeaders(texts: Readonly<Record<string, string>>): Omit<HeadersRead, 'ignored'> {
  const headers: Record<string, string> = {};
  let dropped = 0;
  let bytes = 0;
  for (const [name, value] of Object.entries(texts)) {
    // As HTTP/1.1 writes it: a colon, a space, and the end of the line.
    const size = Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
    if (bytes + size > MOST_CARRIED_BYTES) dropped += 1;
    else {
      headers[name] = value;
      bytes += size;
    }
  }
  return { headers, dropped };
}
