// Reads serverless.yml as the serverless CLI does, as far as the doctor needs it: CloudFormation's short tags in their long
// form, and the variables of the stage and of the parameters filled in. It runs no plugin.
import { isSeq, parse, type Tags } from 'yaml';
import * as z from 'zod';
import { partsSchema } from './options.ts';

const tag = (name: string, resolveAs: (value: string) => unknown) => ({
  tag: `!${name}`,
  resolve: resolveAs,
});
const sequence = (name: string) => ({
  tag: `!${name}`,
  collection: 'seq' as const,
  resolve: (value: unknown) => ({ [`Fn::${name}`]: isSeq(value) ? value.toJSON() : value }),
});

const TAGS: Tags = [
  tag('GetAtt', (value) => ({ 'Fn::GetAtt': value.split('.') })),
  tag('Sub', (value) => ({ 'Fn::Sub': value })),
  tag('Ref', (value) => ({ Ref: value })),
  sequence('Split'),
  sequence('Not'),
  sequence('Equals'),
];

const serviceSchema = z.object({
  provider: z.looseObject({ environment: z.record(z.string(), z.unknown()).default({}) }),
  functions: partsSchema.shape.functions,
  resources: z.object({
    Conditions: z.record(z.string(), z.unknown()).default({}),
    Resources: partsSchema.shape.resources,
  }),
});

export type ServiceFile = z.infer<typeof serviceSchema>;

type Filled = { readonly stage: string; readonly given: Readonly<Record<string, unknown>> };

/**
 * Parses the text of serverless.yml for a stage. `given` has a value for each parameter. A value of digits becomes a number
 * where it is all of a scalar. Throws for a variable of another kind.
 */
export function parseServiceFile(text: string, filled: Filled): ServiceFile {
  const parsed: unknown = parse(text, { logLevel: 'silent', customTags: TAGS, merge: true });
  const { provider, functions, resources } = z
    .looseObject({ provider: z.unknown(), functions: z.unknown(), resources: z.unknown() })
    .parse(parsed);
  return serviceSchema.parse(fill({ provider, functions, resources }, filled));
}

function fill(value: unknown, filled: Filled): unknown {
  if (typeof value === 'string') return filledText(value, filled);
  if (Array.isArray(value)) return value.map((one) => fill(one, filled));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, filled)]));
}

const VARIABLE = /\$\{(param|sls|self):([\w.]+)\}/g;

function filledText(text: string, filled: Filled): string | number {
  const result = text.replace(VARIABLE, (_, kind: string, name: string) => variableOf(kind, name, filled));
  return result !== text && /^\d{1,15}$/.test(result) && !/[^{}\w:$.]/.test(text) ? Number(result) : result;
}

function variableOf(kind: string, name: string, { stage, given }: Filled): string {
  if (kind === 'param' && Object.hasOwn(given, name)) return String(given[name]);
  if (kind === 'sls' && name === 'stage') return stage;
  if (kind === 'self' && name === 'custom.name') return `webhooks-${stage}`;
  throw new Error(`serverless.yml uses the variable ${kind}:${name}, which is unknown here`);
}
