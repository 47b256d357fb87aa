// A condition of a filter: a path, and a list of accepted values. A message must have one of these values at the path.
import { type Ip, ipName, ipOf } from './ip.ts';
import type { InexactNumber } from './number.ts';

/** A value of a message that is no object and no list. */
export type Scalar = string | number | boolean | null | InexactNumber;

export type Test = (value: Scalar) => boolean;

export type Condition = {
  /** The names of the path, joined by dots. */
  readonly path: string;
  /** Whether one of the values accepts this value of a message. */
  readonly accepts: Test;
  /** Whether a message without the path is accepted. */
  readonly acceptsAbsence: boolean;
  /** The number of alternatives that read a text to its end. The cost of a long text is counted once for each. */
  readonly tests: number;
  /** The alternatives as they are written in the item, for explanations. */
  readonly source: readonly unknown[];
};

/** One alternative of a condition: an accepted value, or an operator. */
export type Alternative =
  | { readonly kind: 'is'; readonly value: string | number | boolean | null }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'exists' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'test'; readonly test: Test };

/**
 * Makes one condition from its alternatives. An `is` text that is an IP address accepts every spelling of this address, as
 * EventBridge does. A `text` is compared exactly.
 */
export function conditionOf(
  path: string,
  alternatives: readonly Alternative[],
  source: readonly unknown[],
): Condition {
  const values = new Set<Scalar>();
  const addresses = new Set<string>();
  const tests: Test[] = [];
  let exists = false;
  let acceptsAbsence = false;
  for (const alternative of alternatives) {
    if (alternative.kind === 'exists') exists = true;
    else if (alternative.kind === 'absent') acceptsAbsence = true;
    else if (alternative.kind === 'test') tests.push(alternative.test);
    else if (alternative.kind === 'text') values.add(alternative.value);
    else {
      const ip = typeof alternative.value === 'string' ? ipOf(alternative.value) : undefined;
      if (ip === undefined) values.add(alternative.value);
      else addresses.add(ipName(ip));
    }
  }
  if (addresses.size > 0) {
    const isOneOf = (ip: Ip | undefined) => ip !== undefined && addresses.has(ipName(ip));
    tests.push((value) => typeof value === 'string' && isOneOf(ipOf(value)));
  }
  const accepts: Test = exists
    ? () => true
    : (value) => values.has(value) || tests.some((test) => test(value));
  return { path, accepts, acceptsAbsence, tests: tests.length, source };
}

/** Makes a test that accepts only texts. */
export const ofTexts =
  (test: (text: string) => boolean): Test =>
  (value) =>
    typeof value === 'string' && test(value);

/** Makes a test that accepts a value, of any type, if none of the given tests accepts it. AWS does the same. */
export const noneOf =
  (tests: readonly Test[]): Test =>
  (value) =>
    !tests.some((test) => test(value));
