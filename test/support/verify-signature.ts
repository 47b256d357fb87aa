// Verifies a request's signature as AWS does, by its document "Create a signed AWS API request", without a signing library.
import { createHash, createHmac } from 'node:crypto';
import type { RawRequest } from './raw-server.ts';

/** Throws when the request is not signed with this secret, for this service, in this region. */
export function verifySignature(
  { head, body }: RawRequest,
  secretAccessKey: string,
): { readonly scope: string } {
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const given = /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(
    headers.get('authorization') ?? '',
  );
  const [, scope = '', names = '', signature] = given ?? [];
  const [method, path] = first.split(' ');
  const canonical = [
    method,
    path,
    '',
    ...names.split(';').map((name) => `${name}:${headers.get(name)}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers.get('x-amz-date'), scope, sha256(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const right = hmac(key, toSign).toString('hex');
  if (right !== signature) throw new Error(`the signature is ${signature}, and should be ${right}`);
  return { scope };
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
