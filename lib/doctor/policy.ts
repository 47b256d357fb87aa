// Compares two IAM policy documents, statement by statement, action by action. It does not decide what a
// policy allows: `SimulatePrincipalPolicy` does that. Pure.
import * as z from 'zod';
import { isObject } from '#lib/item/json.ts';

const oneOrMany = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());

const statementSchema = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMany.optional(),
  NotAction: oneOrMany.optional(),
  Resource: oneOrMany.optional(),
  NotResource: oneOrMany.optional(),
  Principal: z.unknown().optional(),
  NotPrincipal: z.unknown().optional(),
  Condition: z.unknown().optional(),
});
const documentSchema = z.object({
  Statement: z
    .union([statementSchema, z.array(statementSchema)])
    .default([])
    .transform((one) => [one].flat()),
});

export type Grant = {
  readonly effect: 'Allow' | 'Deny';
  readonly action: string;
  readonly resource: string;
  /** Principal and condition, in one text; empty without them. */
  readonly only: string;
};

/** One grant for each action on each resource. A document as text may be percent-encoded, as IAM returns it. */
export function grantsOf(document: unknown): readonly Grant[] {
  const { Statement } = documentSchema.parse(typeof document === 'string' ? fromText(document) : document);
  return Statement.flatMap((statement) => {
    const { Effect: effect, Principal, NotPrincipal, Condition } = statement;
    const actions = statement.Action ?? statement.NotAction?.map((one) => `not ${one}`) ?? [];
    const resources = statement.Resource ?? statement.NotResource?.map((one) => `not ${one}`) ?? [''];
    const only = [
      ...(Principal === undefined ? [] : [`principal ${sorted(Principal)}`]),
      ...(NotPrincipal === undefined ? [] : [`not principal ${sorted(NotPrincipal)}`]),
      ...(Condition === undefined ? [] : [`if ${sorted(Condition)}`]),
    ].join(' ');
    return actions.flatMap((action) => resources.map((resource) => ({ effect, action, resource, only })));
  });
}

function fromText(text: string): unknown {
  const trimmed = text.trim();
  return JSON.parse(trimmed.startsWith('%') ? decodeURIComponent(trimmed) : trimmed);
}

/** The same text for documents that differ only in the order of keys and of list entries. AWS sorts lists. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) {
    const all = value.map(sorted).sort();
    // AWS writes a list with one entry as this entry.
    return all.length === 1 ? (all[0] ?? '') : `[${all.join(',')}]`;
  }
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  // AWS may write a principal of everybody as an object.
  const keys = Object.keys(value);
  if (keys.length === 1 && value.AWS === '*') return '"*"';
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${sorted(value[key])}`)
    .join(',')}}`;
}

/** A grant as a text, such as `Allow sqs:SendMessage on arn:…`. */
export const grantText = ({ effect, action, resource, only }: Grant): string =>
  [
    `${effect} ${action}`,
    ...(resource === '' ? [] : [`on ${resource}`]),
    ...(only === '' ? [] : [only]),
  ].join(' ');

/** As texts: the grants of `wanted` that `has` lacks, and the grants of `has` that `wanted` lacks. */
export function differences(
  wanted: unknown,
  has: unknown,
): { readonly missing: readonly string[]; readonly extra: readonly string[] } {
  const wants = new Set(grantsOf(wanted).map(grantText));
  const there = new Set(grantsOf(has).map(grantText));
  return {
    missing: [...wants].filter((one) => !there.has(one)),
    extra: [...there].filter((one) => !wants.has(one)),
  };
}
