// Says in plain words what is wrong with a value, from zod's issue. It never shows the value, which may be a credential.
import * as z from 'zod';

/** Error function for zod, which calls it for every issue. A schema's own message wins over it. */
export function reasonOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const noun = NOUNS.get(issue.expected) ?? issue.expected;
      return issue.input === undefined
        ? missing(noun, issue.inst)
        : mustBe(noun, issue.input, noun === WHOLE_NUMBER ? 'number' : 'none');
    }
    case 'invalid_value':
      return issue.input === undefined
        ? missing(choice(issue.values), issue.inst)
        : mustBe(choice(issue.values), issue.input, 'string');
    case 'invalid_union': {
      const input = discriminatorOf(issue.input, issue.discriminator);
      const noun = choice(Array.isArray(issue.options) ? issue.options : []);
      return input === undefined ? `is missing: give ${noun}` : mustBe(noun, input, 'string');
    }
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum));
    case 'too_big':
      return `must ${bound(issue.origin)} at most ${issue.maximum}${unit(issue.origin)}`;
    case 'unrecognized_keys':
      // Not the final sentence: the known keys, from which unknownKeys makes it.
      return issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape).join(' ') : '';
    default:
      return undefined;
  }
}

const WHOLE_NUMBER = 'a whole number';

const NOUNS: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['number', WHOLE_NUMBER],
  ['int', WHOLE_NUMBER],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
  ['record', 'an object'],
]);

function missing(noun: string, schema: unknown): string {
  const description = schema instanceof z.ZodType ? z.globalRegistry.get(schema)?.description : undefined;
  return `is missing: give ${noun}${description === undefined ? '' : `. ${description}`}`;
}

// When the type is right and the value is not, the sentence does not mention the type.
const mustBe = (noun: string, input: unknown, ownType: 'string' | 'number' | 'none'): string =>
  typeof input === ownType ? `must be ${noun}` : `must be ${noun}, not ${kindOf(input)}`;

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'null';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

function choice(values: readonly unknown[]): string {
  const quoted = values.map((value) => JSON.stringify(value));
  return quoted.length === 1 ? `${quoted[0]}` : `one of ${quoted.join(', ')}`;
}

const discriminatorOf = (input: unknown, key: string | undefined): unknown =>
  typeof input === 'object' && input !== null && key !== undefined ? Reflect.get(input, key) : input;

const bound = (origin: string): string => (origin === 'string' || origin === 'array' ? 'have' : 'be');

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' entries' : '';
}

const tooSmall = (origin: string, least: number): string =>
  least === 1 && bound(origin) === 'have'
    ? 'must not be empty'
    : `must ${bound(origin)} at least ${least}${unit(origin)}`;
