// `signing`: the keys, each in a secret or in the item, and the scheme of the signatures.
import * as z from 'zod';
import { field, text, titled } from '#lib/item/field.ts';
import { secretReference } from '#lib/item/secret-reference.ts';
import { SCHEMES, type Scheme, signatureTemplate } from './signature-template.ts';
import { readSigningKey, readTextKey } from './signing-key.ts';

export const MOST_KEYS = 5;

const keyItself = () =>
  titled(
    text(1_024),
    'Key',
    'A key: whsec_ and base64 for HMAC-SHA256 (v1), whsk_ and base64 for ed25519 (v1a). With another scheme any text.',
  );

type Given = {
  readonly secrets?: readonly unknown[] | undefined;
  readonly keys?: readonly unknown[] | undefined;
};

const someKey: z.core.CheckFn<Given> = ({ value, issues }) => {
  const count = (value.secrets?.length ?? 0) + (value.keys?.length ?? 0);
  const fault = (path: keyof Given, message: string) =>
    issues.push({ code: 'custom', input: value, path: [path], message });
  if (value.secrets === undefined && value.keys === undefined)
    fault('secrets', 'is missing: give secrets or keys');
  if (count > MOST_KEYS)
    fault('keys', `makes more than ${MOST_KEYS} together with secrets: remove the oldest`);
};

type Schemed = Given & { readonly scheme: Scheme; readonly template?: unknown };

/** The keys have the form that the scheme needs, and a template is there where it is used. */
const fitsScheme: z.core.CheckFn<Schemed> = ({ value, issues }) => {
  const fault = (path: PropertyKey[], message: string) =>
    issues.push({ code: 'custom', input: value, path, message });
  if (value.scheme === 'template' && value.template === undefined)
    fault(['template'], 'is missing: say what is signed, and which headers carry the signature');
  if (value.scheme !== 'template' && value.template !== undefined)
    fault(['template'], 'is used by the scheme template only: remove it, or make scheme template');
  for (const [at, key] of (value.keys ?? []).entries()) {
    const read = readKeyOf(value.scheme, key);
    if (!read.ok) fault(['keys', at], read.reason);
  }
};

const readKeyOf = (scheme: Scheme, key: unknown) =>
  scheme === 'standard-webhooks' ? readSigningKey(String(key)) : readTextKey(String(key), 'hex');

export const signing = field(() =>
  titled(
    z
      .strictObject({
        scheme: titled(
          z.enum(SCHEMES).default('standard-webhooks'),
          'Scheme',
          'standard-webhooks, or the headers of another product for receivers that are live: github, stripe, or those of template.',
        ),
        template: titled(
          signatureTemplate().optional(),
          'Template',
          'With the scheme template: what is signed, and which headers carry it.',
        ),
        secrets: titled(
          z.array(secretReference('the key, or a list of keys, as value')).min(1).max(MOST_KEYS).optional(),
          'Secrets',
          'One to five secrets with a key each; every request carries a signature of each, so that keys can be changed.',
        ),
        keys: titled(
          z.array(keyItself()).min(1).max(MOST_KEYS).optional(),
          'Keys',
          'The keys themselves, where everybody who can read this item can read them. Better give secrets.',
        ),
      })
      .check(someKey, fitsScheme),
    'Signing',
    'Signatures, by Standard Webhooks in the header webhook-signature, or in the scheme of another product.',
    { anyOf: [{ required: ['secrets'] }, { required: ['keys'] }] },
  ),
);

export type Signing = z.output<ReturnType<typeof signing>>;
