// The ways to read a text whose escapes are unknown: redact.ts looks for credentials in each of them.

type TextReading = {
  readonly content: string;
  /** For each character of `content` and for its end, where it is in the text; undefined: at the same place. */
  readonly offsets?: readonly number[];
};

/**
 * The text as it came, and with its escapes replaced by what they stand for: those of JSON, HTML, URLs and forms, twice and in
 * any order. An answer may have our request in a JSON text inside of JSON, or in a page.
 */
export function* readingsOf(text: string): Generator<TextReading> {
  const asItCame = { content: text };
  yield asItCame;
  for (const first of decodingsOf(asItCame)) {
    yield first;
    yield* decodingsOf(first);
  }
}

type Decoded = { readonly characters: string; readonly length: number };

const ESCAPES: readonly {
  readonly pattern: RegExp;
  readonly decode: (escaped: string) => readonly Decoded[];
}[] = [
  {
    pattern: /\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])/g,
    decode: (escaped) => [whole(escaped, jsonCharacter(escaped))],
  },
  {
    pattern: /&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);/g,
    decode: (escaped) => [whole(escaped, htmlCharacter(escaped.slice(1, -1)))],
  },
  { pattern: /(?:%[0-9a-fA-F]{2})+/g, decode: percentCharacters },
  // A form writes a space as a plus sign.
  { pattern: /\+/g, decode: (escaped) => [whole(escaped, ' ')] },
];

const whole = (escaped: string, characters: string): Decoded => ({ characters, length: escaped.length });

function* decodingsOf({ content, offsets }: TextReading): Generator<TextReading> {
  for (const { pattern, decode } of ESCAPES) {
    const pieces: string[] = [];
    const places: number[] = [];
    let read = 0;
    const copyTo = (end: number): void => {
      pieces.push(content.slice(read, end));
      for (; read < end; read++) places.push(offsets?.[read] ?? read);
    };
    for (const { 0: escaped, index } of content.matchAll(pattern)) {
      copyTo(index);
      for (const { characters, length } of decode(escaped)) {
        pieces.push(characters);
        for (let unit = 0; unit < characters.length; unit++) places.push(offsets?.[read] ?? read);
        read += length;
      }
    }
    if (read === 0) continue;
    copyTo(content.length);
    yield { content: pieces.join(''), offsets: [...places, offsets?.at(-1) ?? content.length] };
  }
}

const JSON_ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

const jsonCharacter = ([, kind = '', ...digits]: string): string =>
  kind === 'u' ? String.fromCharCode(Number.parseInt(digits.join(''), 16)) : (JSON_ESCAPES[kind] ?? kind);

const HTML_NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function htmlCharacter(name: string): string {
  if (!name.startsWith('#')) return HTML_NAMES[name] ?? '';
  const point = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
}

/** A run of percent-encoded bytes is UTF-8, or else each byte stands for itself. */
function percentCharacters(run: string): readonly Decoded[] {
  const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
  const text = bytes.toString('utf8');
  const isUtf8 = Buffer.from(text, 'utf8').equals(bytes);
  return Array.from(isUtf8 ? text : bytes.toString('latin1'), (characters) => ({
    characters,
    length: 3 * (isUtf8 ? Buffer.byteLength(characters) : 1),
  }));
}
