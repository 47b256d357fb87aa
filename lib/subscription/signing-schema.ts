// `signing`: Standard Webhooks keys, each in a secret or in the item.
import * as z from 'zod';
import { field, text, titled } from '#lib/item/field.ts';
import { secretReference } from '#lib/item/secret-reference.ts';
import { readSigningKey } from './signing-key.ts';

export const MOST_KEYS = 5;

const keyItself = () =>
  titled(
    text(1_024).check(({ value, issues }) => {
      const read = readSigningKey(value);
      if (!read.ok) issues.push({ code: 'custom', input: value, message: read.reason });
    }),
    'Key',
    'A key: whsec_ and base64 for HMAC-SHA256 (v1), whsk_ and base64 for ed25519 (v1a).',
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

export const signing = field(() =>
  titled(
    z
      .strictObject({
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
      .check(someKey),
    'Signing',
    'Signatures by Standard Webhooks, in the header webhook-signature.',
    { anyOf: [{ required: ['secrets'] }, { required: ['keys'] }] },
  ),
);

export type Signing = z.output<ReturnType<typeof signing>>;
