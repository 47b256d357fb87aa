// The text of an answer's body, by the charset that its content type names (RFC 9110, 8.3.2), for the part that a person
// reads. Node knows the labels of the WHATWG Encoding Standard.

const MARKS: readonly (readonly [bytes: readonly number[], label: string])[] = [
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** Decodes the body. A byte order mark wins over the content type; an unknown charset, or none, is read as UTF-8. */
export function answerText(body: Buffer, contentType: string | undefined): string {
  const marked = MARKS.find(([bytes]) => bytes.every((byte, index) => body[index] === byte));
  const named = /;\s*charset\s*=\s*"?([^\s";]{1,40})/i.exec(contentType ?? '')?.[1];
  const label = marked?.[1] ?? named;
  if (label === undefined) return body.toString('utf8');
  try {
    return new TextDecoder(label).decode(body);
  } catch {
    return body.toString('utf8'); // a label that nobody knows
  }
}
