// What the operations of the local Secrets Manager share: reading a request, the shapes that recur.
import * as z from 'zod';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import type { Secret, Value, Vault } from './vault.ts';

/** Reads its request, works on the vault, and gives the answer's body. Throws AwsError. */
export type SecretsOperation = (request: unknown, vault: Vault) => object;

export const secretId = z.string().min(1).max(2048);
export const token = z.string().min(32).max(64).optional();
export const description = z.string().max(2048).optional();
export const valueShape = { SecretString: z.string().optional(), SecretBinary: z.base64().optional() };
const valueBytes = 65_536;

export const invalid = (message: string) => new AwsError('InvalidParameterException', message);

/** An operation whose request has these members; any other is refused, so that no filter or tag is silently lost. */
export function secretsOperation<S extends z.ZodRawShape>(
  members: S,
  run: (request: z.output<z.ZodObject<S>>, vault: Vault) => object,
): SecretsOperation {
  const shape = z.object(members);
  return (request, vault) => {
    const extra = Object.keys(Object(request)).filter((name) => !Object.hasOwn(members, name));
    if (extra.length > 0) throw invalid(`The local set does not serve the parameter ${extra.join(', ')}.`);
    const parsed = shape.safeParse(request);
    if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
    return run(parsed.data, vault);
  };
}

/** The value that a request brings, if it brings one. */
export function givenValue(request: {
  SecretString?: string | undefined;
  SecretBinary?: string | undefined;
}): Value | undefined {
  const { SecretString: text, SecretBinary: base64 } = request;
  if (text !== undefined && base64 !== undefined)
    throw invalid('Give SecretString or SecretBinary, not both.');
  const bytes = Buffer.from(text ?? base64 ?? '', text === undefined ? 'base64' : 'utf8');
  if (bytes.length > valueBytes) throw invalid(`A secret's value has at most ${valueBytes} bytes.`);
  if (text !== undefined) return { SecretString: text };
  return base64 === undefined ? undefined : { SecretBinary: bytes.toString('base64') };
}

/** How most answers begin. */
export const secretNameIn = (secret: Secret) => ({ ARN: secret.arn, Name: secret.name });

/** A time as the protocol has it: seconds. */
export const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
