// Numbers of messages, as AWS compares them: by the value of a double. A number that no double says exactly, such as one of
// twenty digits, equals no number and lies in no range.

/** A number of a message that no double says exactly. */
export class InexactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A double says up to fifteen digits exactly. Longer numbers and large exponents are looked at one by one. */
const MAY_BE_INEXACT = /[\d.]{16}|\de[+-]?\d{3}/i;

/** Parses JSON. Numbers that no double says exactly become an InexactNumber. Throws a SyntaxError for other text. */
export function parseJson(text: string): unknown {
  if (!MAY_BE_INEXACT.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, reviveNumber);
  } catch (error) {
    // A reviver is called for each level inside another call. So deep a body has its numbers as the engine reads them.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

function reviveNumber(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  return Number.isFinite(value) && digitsOf(source) === digitsOf(String(value))
    ? value
    : new InexactNumber(source);
}

/** A decimal number as its significant digits and the place of its point: two texts of one value are the same. */
function digitsOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const all = `${whole}${fraction}`;
  const digits = all.replace(/^0+/, '');
  const point = whole.length - (all.length - digits.length) + Number(exponent);
  const significant = digits.replace(/0+$/, '');
  return significant === '' ? '0' : `${sign}${significant}e${point}`;
}
