// CloudWatch's filter patterns, as far as they are here: JSON patterns with comparisons, && and ||, and quoted or plain terms
// that must all occur in the line. Other patterns are refused, and never matched in another way than AWS does.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
import { AwsError } from '#lib/local/aws/aws-json.ts';

type Matches = (line: string) => boolean;
type Condition = (json: unknown) => boolean;

const LONGEST = 1_024;

/** Returns the test of a filter pattern. Throws InvalidParameterException for one that is not understood here. */
export function compilePattern(pattern: string): Matches {
  if (pattern.length > LONGEST) throw refused(`has more than ${LONGEST} characters`);
  const text = pattern.trim();
  if (text === '') return () => true;
  if (!text.startsWith('{')) return termsOf(text);
  const condition = createParser(text).parse();
  return (line) => {
    const json = jsonIn(line);
    return json !== undefined && condition(json);
  };
}

const refused = (why: string) =>
  new AwsError('InvalidParameterException', `Invalid filter pattern: it ${why}.`);

function jsonIn(line: string): object | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function termsOf(text: string): Matches {
  const terms = [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) => {
    if (plain !== undefined && /^[-?%[]|[^\w-]/.test(plain)) throw refused(`has the term ${plain}`);
    return (quoted ?? plain ?? '').replace(/\\(.)/g, '$1');
  });
  return (line) => terms.every((term) => line.includes(term));
}

const TOKEN = /\s*(?:(&&|\|\||[(){}]|<=|>=|!=|[<>=])|(\$(?:\.\w+)+)|"((?:[^"\\]|\\.)*)"|([\w.*+-]+))/y;

type Token = { readonly kind: 'sign' | 'field' | 'quoted' | 'plain'; readonly text: string };

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < pattern.length) {
    const begin = TOKEN.lastIndex;
    const match = TOKEN.exec(pattern);
    if (match === null) throw refused(`is not understood at ${pattern.slice(begin, begin + 20)}`);
    const [, sign, field, quoted, plain] = match;
    if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else if (field !== undefined) tokens.push({ kind: 'field', text: field });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replace(/\\(.)/g, '$1') });
    else tokens.push({ kind: 'plain', text: plain ?? '' });
  }
  return tokens;
}

function createParser(pattern: string) {
  const tokens = tokensOf(pattern);
  let at = 0;
  const peek = (): string | undefined => (tokens[at]?.kind === 'sign' ? tokens[at]?.text : undefined);

  function take(text: string): void {
    if (peek() !== text) throw refused(`has no ${text} where one is needed`);
    at += 1;
  }

  function either(): Condition {
    const parts = [both()];
    while (peek() === '||') {
      at += 1;
      parts.push(both());
    }
    return (json) => parts.some((part) => part(json));
  }

  function both(): Condition {
    const parts = [one()];
    while (peek() === '&&') {
      at += 1;
      parts.push(one());
    }
    return (json) => parts.every((part) => part(json));
  }

  function one(): Condition {
    if (peek() === '(') {
      at += 1;
      const inner = either();
      take(')');
      return inner;
    }
    const [field, sign, value] = tokens.slice(at, at + 3);
    at += 3;
    if (field?.kind !== 'field' || sign?.kind !== 'sign' || value === undefined || value.kind === 'sign')
      throw refused('has a condition that is no comparison of a field and a value');
    return comparison(field.text.split('.').slice(1), sign.text, value);
  }

  return {
    parse(): Condition {
      take('{');
      const whole = either();
      take('}');
      if (at < tokens.length) throw refused('goes on behind its last brace');
      return whole;
    },
  };
}

function comparison(path: readonly string[], sign: string, value: Token): Condition {
  const test = testOf(sign, value);
  return (json) => {
    let found: unknown = json;
    for (const name of path) {
      found =
        typeof found === 'object' && found !== null && Object.hasOwn(found, name)
          ? Reflect.get(found, name)
          : undefined;
    }
    return found !== undefined && test(found);
  };
}

function testOf(sign: string, { kind, text }: Token): (found: unknown) => boolean {
  const number = kind === 'plain' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  if (number !== undefined)
    return (found) => typeof found === 'number' && COMPARED[sign]?.(found, number) === true;
  if (sign !== '=' && sign !== '!=') throw refused(`compares text with ${sign}`);
  return (found) => typeof found === 'string' && isLike(found, text) === (sign === '=');
}

/** Whether the text is like the pattern, in which each asterisk stands for any characters. Linear in the text. */
function isLike(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

const COMPARED: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};
