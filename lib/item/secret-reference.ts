// How a config item names a secret of AWS Secrets Manager: `name`, an ARN, or `name#key` for one entry of a
// secret. secret-owner.ts says which secrets an item may name. Reading them is done elsewhere.
import * as z from 'zod';
import type { Path } from './fault.ts';
import { titled } from './field.ts';
import { isObject } from './json.ts';

export type SecretArn = { readonly text: string; readonly account: string; readonly region: string };

/** A class, so that no other object of an item is taken for a reference. */
export class SecretReference {
  /**
   * The secret is always read by this name, also when the item gives an ARN. So what is read is what was judged: Secrets
   * Manager may take the end of a name for the random end of an ARN, or the other way round.
   */
  readonly name: string;
  /** The entry of the secret; undefined: the whole secret. */
  readonly key: string | undefined;
  readonly arn?: SecretArn;

  constructor(name: string, key?: string, arn?: SecretArn) {
    this.name = name;
    this.key = key;
    if (arn !== undefined) this.arn = arn;
  }
}

const NAME = '[A-Za-z0-9/_+=.@-]{1,512}';
const ARN = `arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):([0-9]{12}):secret:(${NAME})`;
const REFERENCE = new RegExp(`^(?:${ARN}|(${NAME}))(?:#([\\x21\\x22\\x24-\\x7e]{1,256}))?$`);

/** The random end that Secrets Manager adds to a name to make the ARN. */
const ARN_END = '-[A-Za-z0-9]{6}$';
const ENDS_AS_ARN = new RegExp(ARN_END);
const IS_ARN_END = new RegExp(`^${ARN_END}`);

// Standard Webhooks keys are made of the letters that names are made of.
const isKeyItself = (text: string): boolean => /^wh(sec|sk|pk)_/.test(text);

/** A field that names a secret; `holds` ends the sentence "its JSON holds …". */
export const secretReference = (holds: string) =>
  titled(
    z
      .string()
      .regex(REFERENCE, 'must name a secret: its name or ARN, and #key for one entry of it')
      .refine((text) => !isKeyItself(text), 'is a key itself: store it as a secret and give its name here')
      .transform(referenceOf),
    'Secret',
    `The name or ARN of a secret in AWS Secrets Manager; name#key for one entry of it. Its JSON holds ${holds}.`,
  );

function referenceOf(text: string): SecretReference {
  const [, region, account, inArn = '', name, key] = REFERENCE.exec(text) ?? [];
  if (name !== undefined || region === undefined || account === undefined)
    return new SecretReference(name ?? '', key);
  // As in Secrets Manager, a name that ends like an ARN is taken for one.
  const [arn = ''] = text.split('#');
  return new SecretReference(inArn.replace(ENDS_AS_ARN, ''), key, { text: arn, account, region });
}

/** Whether the ARN in an item, which may lack its random end, is that of the secret with the ARN `actual`. */
export const isArnOf = ({ text }: SecretArn, actual: string): boolean =>
  actual === text || (actual.startsWith(text) && IS_ARN_END.test(actual.slice(text.length)));

/** All references in a parsed item, with their places. `at`: where `value` is in the item. */
export function secretsIn(
  value: unknown,
  at: Path = [],
): { readonly path: Path; readonly reference: SecretReference }[] {
  if (value instanceof SecretReference) return [{ path: at, reference: value }];
  if (!Array.isArray(value) && !isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, [...at, key]));
}
