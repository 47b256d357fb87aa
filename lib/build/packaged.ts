// What the plugin writes into the metadata of the template: the version, the parameters and the hashes of the code of a stage
// that is packaged. `webhooks doctor` reads it back from the deployed stack.
import { readFileSync } from 'node:fs';
import * as z from 'zod';

/** The key in the template's `Metadata`. */
export const METADATA = 'SqsWebhooks';

export const packagedSchema = z.object({
  version: z.string(),
  /** Each parameter as it was given. */
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** By function: the SHA-256 of its zip file in base64, as Lambda's CodeSha256. */
  code: z.record(z.string(), z.string()).default({}),
});
export type Packaged = z.infer<typeof packagedSchema>;

/** This version, from package.json. */
export const packageVersion = (): string =>
  z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version;
