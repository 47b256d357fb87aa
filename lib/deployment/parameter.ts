// The kinds of parameters that a deployment has: numbers, switches, lists and texts. Each kind reads a value in two
// places: `given`, when a stage is packaged, checks range and form; `set`, when a function starts, checks the form alone.
import * as z from 'zod';

export const FUNCTION_NAMES = ['route', 'deliver', 'bridge', 'resume', 'redrive'] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** A parameter's entry in the table of parameters. */
export type Entry = {
  /** As `--param` would give it. `<stage>` stands for the stage's name. */
  readonly default: string | number;
  /** Other defaults, by stage. */
  readonly stages?: Readonly<Record<string, string>>;
  /** The environment variable, and the functions that get it. Both are absent where only the template uses the parameter. */
  readonly variable?: string;
  readonly functions?: readonly FunctionName[];
  /** The description of the parameter in OPERATORS.md. */
  readonly meaning: string;
};

type Kind<T> = {
  /** The allowed values, in words for OPERATORS.md. */
  readonly allowed: string;
  readonly unit?: string;
  // Made when they are asked for: a function that starts cold makes those that it reads, and no others.
  readonly given: () => z.ZodType<T>;
  readonly set: () => z.ZodType<T>;
};

export type Parameter = Entry & Kind<unknown>;

/** serverless.yml gives numbers and texts, the command line gives texts. */
const givenAs =
  <T>(schema: () => z.ZodType<T, string>) =>
  (): z.ZodType<T> =>
    z.union([z.string(), z.number(), z.boolean()]).transform(String).pipe(schema());

/** The same form in both places. */
const bothAs = <T>(schema: () => z.ZodType<T, string>) => ({ given: givenAs(schema), set: schema });

/** Most parameters are whole numbers: a function makes one schema for all of them. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
const wholeAboveZero = once(() =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'must be a whole number above 0')
    .transform(Number),
);
const wholeOrZero = once(() =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number, 0 or more')
    .transform(Number),
);

type Unit = 's' | 'ms' | 'minutes' | 'days' | 'bytes' | 'MB';

/** A whole number between two, both included. */
export function whole<const E extends Entry>(
  range: { readonly from: number; readonly to: number; readonly unit?: Unit },
  entry: E,
): E & Kind<number> {
  const { from, to, unit } = range;
  const schema = () => {
    const fault = `must be a whole number from ${from} to ${to}`;
    return z
      .string()
      .regex(/^\d{1,9}$/, fault)
      .transform(Number)
      .pipe(z.number().min(from, fault).max(to, fault));
  };
  return {
    ...entry,
    allowed: `${from} to ${to}`,
    ...(unit !== undefined && { unit }),
    given: givenAs(schema),
    set: from === 0 ? wholeOrZero : wholeAboveZero,
  };
}

/** One of the numbers that AWS knows. */
export function oneNumberOf<const E extends Entry>(
  range: { readonly values: readonly number[]; readonly unit: Unit; readonly because: string },
  entry: E,
): E & Kind<number> {
  const allowed = range.values.join(', ');
  const schema = () =>
    z
      .string()
      .refine(
        (value) => range.values.some((one) => String(one) === value),
        `must be one of ${allowed}: ${range.because}`,
      )
      .transform(Number);
  return { ...entry, allowed, unit: range.unit, given: givenAs(schema), set: wholeAboveZero };
}

/** One of a few words. */
export function word<const E extends Entry, const W extends readonly string[]>(
  words: W,
  entry: E,
): E & Kind<W[number]> {
  const allowed = words.join(', ');
  return { ...entry, allowed, ...bothAs(() => z.enum(words, `must be one of ${allowed}`)) };
}

/** A switch. */
export function flag<const E extends Entry>(entry: E): E & Kind<boolean> {
  const schema = () =>
    z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');
  return { ...entry, allowed: 'true, false', ...bothAs(schema) };
}

/** Texts of one form, with commas between. `such` ends the sentence "must be …". */
export function list<const E extends Entry>(
  { isOne, such }: { readonly isOne: (one: string) => boolean; readonly such: string },
  entry: E,
): E & Kind<string[]> {
  const schema = () =>
    z
      .string()
      .transform((value) =>
        value
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      )
      .refine((all) => all.every(isOne), `must be ${such}`);
  return { ...entry, allowed: such, ...bothAs(schema) };
}

/** A text of one form. `such` ends the sentence "must be …". */
export function formedText<const E extends Entry>(
  { form, such, allowed = such }: { readonly form: RegExp; readonly such: string; readonly allowed?: string },
  entry: E,
): E & Kind<string> {
  return { ...entry, allowed, ...bothAs(() => z.string().regex(form, `must be ${such}`)) };
}
