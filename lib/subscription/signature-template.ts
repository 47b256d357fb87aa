// Signatures of other products' schemes, for receivers that are live: which text is signed, and which headers carry the
// signature, the id and the time. Every key is text, and signs with HMAC-SHA256 of its UTF-8 bytes.
import * as z from 'zod';
import { text, titled } from '#lib/item/field.ts';
import { isHeaderValue, isReservedHeader } from '#lib/message/header.ts';
import { headerName } from './header-schema.ts';

export const SCHEMES = ['standard-webhooks', 'github', 'stripe', 'template'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** A placeholder for a value of the request, in a header or in the signed text. */
export const PLACEHOLDER = /\{(\w+)\}/g;
const IN_SIGNED: ReadonlySet<string> = new Set(['id', 'timestamp', 'topic', 'body']);
const IN_EACH: ReadonlySet<string> = new Set(['signature']);
const IN_HEADERS: ReadonlySet<string> = new Set(['id', 'timestamp', 'topic', 'signature', 'signatures']);

const unknownIn = (value: string, known: ReadonlySet<string>): boolean =>
  [...value.matchAll(PLACEHOLDER)].some(([, name = '']) => !known.has(name));

// The product sets these two itself, before it signs.
const TAKEN = new Set(['authorization', 'content-type']);

const name = () =>
  titled(
    headerName().refine(
      (given) => !isReservedHeader(given.toLowerCase()) && !TAKEN.has(given.toLowerCase()),
      'can not be set here: choose another name',
    ),
    'Name',
    'The name of the header.',
  );

const value = () =>
  titled(
    text(1_024)
      .refine(isHeaderValue, 'must be a header value: no line breaks, no control characters')
      .refine(
        (given) => !unknownIn(given, IN_HEADERS),
        'may hold {id}, {timestamp}, {topic}, {signature} and {signatures}, and no other name in braces',
      ),
    'Value',
    'Text with {id}, {timestamp} (seconds since 1970), {topic}, {signature} (of the first key) or {signatures} (of all keys).',
  );

type Header = { readonly name: string; readonly value: string };

const useful: z.core.CheckFn<readonly Header[]> = ({ value: headers, issues }) => {
  const fault = (path: PropertyKey[], message: string) =>
    issues.push({ code: 'custom', input: headers, path, message });
  if (!headers.some((header) => /\{signatures?\}/.test(header.value)))
    fault([], 'must have a header with {signature} or {signatures}');
  for (const [at, header] of headers.entries()) {
    const before = headers.findIndex((other) => other.name.toLowerCase() === header.name.toLowerCase());
    if (before !== at) fault([at, 'name'], `is the name of header ${before} too: remove one`);
  }
};

/** The schema of `signing.template`. */
export const signatureTemplate = () =>
  z.strictObject({
    signed: titled(
      text(256)
        .refine((given) => given.split('{body}').length === 2, 'must hold {body}, once')
        .refine(
          (given) => !unknownIn(given, IN_SIGNED),
          'may hold {body}, {id}, {timestamp} and {topic}, and no other name in braces',
        ),
      'Signed text',
      'What is signed, such as {timestamp}.{body}.',
    ),
    encoding: titled(z.enum(['hex', 'base64']).default('hex'), 'Encoding', 'How a signature is written.'),
    headers: titled(
      z
        .array(z.strictObject({ name: name(), value: value() }))
        .min(1)
        .max(10)
        .check(useful),
      'Headers',
      'The headers that carry the signature, and the id and the time if wanted.',
    ),
    each: titled(
      text(64)
        .refine((given) => given.includes('{signature}'), 'must hold {signature}')
        .refine((given) => !unknownIn(given, IN_EACH), 'may hold {signature}, and no other name in braces')
        .refine(isHeaderValue, 'must be text without line breaks')
        .default('{signature}'),
      'Each',
      'How {signatures} writes the signature of one key, such as v1={signature}.',
    ),
    join: titled(
      z.string().max(8).refine(isHeaderValue, 'must be text without line breaks').default(','),
      'Join',
      'What {signatures} writes between two keys.',
    ),
  });

export type SignatureTemplate = z.output<ReturnType<typeof signatureTemplate>>;

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries and https://docs.stripe.com/webhooks/signature */
export const TEMPLATES: { readonly [scheme in 'github' | 'stripe']: SignatureTemplate } = {
  github: {
    signed: '{body}',
    encoding: 'hex',
    headers: [
      { name: 'x-hub-signature-256', value: 'sha256={signature}' },
      { name: 'x-github-delivery', value: '{id}' },
      { name: 'x-github-event', value: '{topic}' },
    ],
    each: '{signature}',
    join: ',',
  },
  stripe: {
    signed: '{timestamp}.{body}',
    encoding: 'hex',
    headers: [{ name: 'stripe-signature', value: 't={timestamp},{signatures}' }],
    each: 'v1={signature}',
    join: ',',
  },
};
