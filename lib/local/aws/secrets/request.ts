// What the operations of the local Secrets Manager share: reading a request, paging, the shapes that recur.
import * as z from 'zod';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import type { Secret, Value, Vault } from './vault.ts';

/** Reads its request, works on the vault, and gives the answer's body. Throws AwsError. */
export type SecretsOperation = (request: unknown, vault: Vault) => object;

export const secretId = z.string().min(1).max(2048);
export const token = z.string().min(32).max(64).optional();
export const description = z.string().max(2048).optional();
export const valueShape = { SecretString: z.string().optional(), SecretBinary: z.base64().optional() };
export const tags = z
  .array(z.object({ Key: z.string().min(1).max(128), Value: z.string().max(256).optional() }))
  .max(50);
export const paging = (max: number) => ({
  MaxResults: z.int().min(1).max(max).default(max),
  NextToken: z.string().optional(),
});

const valueBytes = 65_536;

export const invalid = (message: string) => new AwsError('InvalidParameterException', message);

/** An operation whose request has this shape; parameters that it does not know are passed over. */
export function secretsOperation<T>(
  shape: z.ZodType<T>,
  run: (request: T, vault: Vault) => object,
): SecretsOperation {
  return (request, vault) => {
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

/** One page of a list, and the token of the next. */
export function page<T>(items: T[], request: { MaxResults: number; NextToken?: string | undefined }) {
  const start = request.NextToken === undefined ? 0 : Number(/^page-(\d+)$/.exec(request.NextToken)?.[1]);
  if (Number.isNaN(start)) throw new AwsError('InvalidNextTokenException', 'NextToken is none of ours.');
  const end = start + request.MaxResults;
  return { items: items.slice(start, end), next: end < items.length ? `page-${end}` : undefined };
}
