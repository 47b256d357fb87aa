// The head of an HTTP/1.x answer: what is legal is understood, and what is odd but has only one meaning too (RFC 9112). It is written anew
// for undici, whose parser is stricter: folded lines, bare line feeds and doubtful framing would make it drop the answer.

/** How the end of the body is found (RFC 9112, 6.3). `unreadable`: the head contradicts itself. */
export type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'none' | 'chunked' | 'until-close' | 'unreadable' };

export type AnswerHead = {
  readonly status: number;
  readonly framing: Framing;
  /** The head as undici reads it, with the empty line. Without `keep-alive` where the answer was odd. */
  readonly text: string;
};

// A higher version is what a server calls itself: these bytes are read as HTTP/1.1 all the same. The words of the line may
// have more space between them, and the reason phrase any bytes (RFC 9112, 4).
const STATUS_LINE = /^HTTP\/(\d(?:\.\d)?)[ \t]+([1-9]\d\d)(?:[ \t][^\n]*)?\r*$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// RFC 9110, 5.5: a recipient may replace control characters in a value by spaces.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that a value must not contain
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/g;

/** Whether this line, with or without its line end, is the status line of an HTTP/1.x answer. */
export function isStatusLine(line: string): boolean {
  return STATUS_LINE.test(line.replace(/\n$/, ''));
}

/** Parses a whole head. Returns undefined when the status line is none. Never throws. */
export function parseHead(text: string): AnswerHead | undefined {
  const [first = '', ...lines] = text.split('\n');
  const [, version = '', digits = ''] = STATUS_LINE.exec(first) ?? [];
  if (digits === '') return undefined;
  const status = Number(digits);
  const { fields, isOdd } = fieldsOf(lines);
  const lengths = valuesOf(fields, 'content-length');
  const listed = valuesOf(fields, 'transfer-encoding');
  // RFC 9110, 5.6.1.2: a list may have empty elements.
  const codings = listed.filter((coding) => coding !== 'identity' && coding !== '');
  const framing = framingOf(status, lengths, codings);
  // The connection is given up after an answer whose end may be elsewhere than it says.
  const isLast =
    isOdd ||
    (version !== '1.1' && version !== '1.0') ||
    framing.kind === 'unreadable' ||
    lengths.length > 1 ||
    listed.includes('') ||
    (codings.length > 0 && (lengths.length > 0 || version === '1.0')) ||
    (framing.kind === 'none' && (codings.length > 0 || lengths.some((length) => length !== '0')));
  const minor = version === '1.0' ? 0 : 1;
  return { status, framing, text: written(`HTTP/1.${minor} ${status} `, fields, framing, isLast) };
}

type Field = readonly [name: string, value: string];

/** A line that is no header is left out. A line that begins with a space continues the one before it (RFC 9112, 5.2). */
function fieldsOf(lines: readonly string[]): { fields: Field[]; isOdd: boolean } {
  const fields: { readonly name: string; readonly parts: string[] }[] = [];
  let isOdd = false;
  for (const line of lines) {
    if (line === '' || line === '\r') continue;
    if (line.startsWith(' ') || line.startsWith('\t')) {
      isOdd = true;
      fields.at(-1)?.parts.push(cleanValue(line));
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    const bare = name.trimEnd();
    const isName = NAME.test(bare);
    isOdd ||= bare !== name || !isName;
    if (isName) fields.push({ name: bare, parts: [cleanValue(line.slice(colon + 1))] });
  }
  // Joined once: thousands of folded lines would be copied again for each of them.
  return { fields: fields.map(({ name, parts }) => [name, parts.join(' ').trim()]), isOdd };
}

const cleanValue = (text: string): string => text.replace(CONTROLS, ' ').trim();

/** The parts of all headers of this name, in lower case: several headers and one list mean the same. */
function valuesOf(fields: readonly Field[], name: string): string[] {
  const values: string[] = [];
  for (const [key, value] of fields) {
    if (key.length === name.length && key.toLowerCase() === name) values.push(...value.split(','));
  }
  return values.map((value) => value.trim().toLowerCase());
}

function framingOf(status: number, lengths: readonly string[], codings: readonly string[]): Framing {
  if (status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (codings.length > 0) return { kind: codings.at(-1) === 'chunked' ? 'chunked' : 'until-close' };
  const [length] = lengths;
  if (length === undefined) return { kind: 'until-close' };
  if (!/^\d+$/.test(length) || lengths.some((other) => other !== length)) return { kind: 'unreadable' };
  return { kind: 'length', bytes: Math.min(Number(length), Number.MAX_SAFE_INTEGER) };
}

const FRAMING_FIELDS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer']);

function written(statusLine: string, fields: readonly Field[], framing: Framing, isLast: boolean): string {
  let text = `${statusLine}\r\n`;
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (FRAMING_FIELDS.has(lower) || (isLast && lower === 'connection')) continue;
    text += `${name}: ${value}\r\n`;
  }
  if (framing.kind === 'length') text += `content-length: ${framing.bytes}\r\n`;
  if (framing.kind === 'chunked') text += 'transfer-encoding: chunked\r\n';
  if (isLast) text += 'connection: close\r\n';
  return `${text}\r\n`;
}
