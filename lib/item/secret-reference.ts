// How a config item names a secret of AWS Secrets Manager: `name`, an ARN, or `name#key` for one entry of a shared
// secret. Reading it is done elsewhere.
import * as z from 'zod';
import { titled } from './field.ts';

export type SecretReference = { readonly name: string; readonly key: string | undefined };

const REFERENCE = /^[A-Za-z0-9/_+=.@:-]{1,2048}(#[\x21\x22\x24-\x7e]{1,256})?$/;

// Standard Webhooks keys are made of the letters that names are made of.
const isKeyItself = (text: string): boolean => /^wh(sec|sk|pk)_/.test(text);

/** A field that names a secret; `holds` ends the sentence "its JSON holds …". */
export const secretReference = (holds: string) =>
  titled(
    z
      .string()
      .regex(REFERENCE, 'must name a secret: its name or ARN, and #key for one entry of it')
      .refine((text) => !isKeyItself(text), 'is a key itself: store it as a secret and give its name here')
      .transform((text): SecretReference => {
        const [name = '', key] = text.split('#');
        return { name, key };
      }),
    'Secret',
    `The name or ARN of a secret in AWS Secrets Manager; name#key for one entry of a shared secret. Its JSON holds ${holds}.`,
  );
