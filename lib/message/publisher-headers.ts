// The publisher's attribute `headers`: a JSON object of texts, which become headers of the request.
import { withoutMark } from '#lib/item/json.ts';
import { isContentType } from './header.ts';

/**
 * Takes the content type out of the headers, and returns it if it is a media type. It is used when there is no attribute
 * `content-type`.
 */
export function takeContentType(headers: Record<string, string>): string | undefined {
  const { 'content-type': contentType } = headers;
  delete headers['content-type'];
  return contentType !== undefined && isContentType(contentType) ? contentType : undefined;
}

type HeadersRead = { readonly headers: Record<string, string>; readonly ignored: readonly string[] };

/** Reads the attribute, names in lower case. `ignored`: names that can't be used. Undefined: it is no JSON object of texts. */
export function headersOf(text: string | undefined): HeadersRead | undefined {
  if (text === undefined) return { headers: {}, ignored: [] };
  let json: unknown;
  try {
    json = JSON.parse(withoutMark(text));
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const headers: Record<string, string> = {};
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (typeof value !== 'string') return undefined;
    const lower = name.toLowerCase();
    // An assignment to it would be lost without a trace, here and wherever the message is parsed again.
    if (lower === '__proto__') ignored.push(`headers.${lower}`);
    else headers[lower] = value;
  }
  return { headers, ignored };
}
