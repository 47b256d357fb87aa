// Signs one attempt in the scheme of another product: see lib/subscription/signature-template.ts.
import { PLACEHOLDER, type SignatureTemplate } from '#lib/subscription/signature-template.ts';
import type { SigningKey } from '#lib/subscription/signing-key.ts';

type Request = {
  readonly id: string;
  readonly timestamp: string;
  readonly topic: string;
  readonly body: Buffer;
};

/**
 * The headers of a template, names in lower case. A header whose whole value is one placeholder is left out if this
 * message does not have the value, such as a topic. `{signature}` is made with the first of `keys`.
 */
export function templateHeaders(
  template: SignatureTemplate,
  keys: readonly SigningKey[],
  { body, ...texts }: Request,
): Readonly<Record<string, string>> {
  const [before = '', after = ''] = template.signed.split('{body}').map((part) => filled(part, texts));
  const content = Buffer.concat([Buffer.from(before), body, Buffer.from(after)]);
  const signatures = keys.map((key) => key.signatureOf(content));
  const values = {
    ...texts,
    signature: signatures[0] ?? '',
    signatures: signatures.map((signature) => filled(template.each, { signature })).join(template.join),
  };
  const headers = template.headers.map(
    ({ name, value }) => [name.toLowerCase(), filled(value, values)] as const,
  );
  return Object.fromEntries(headers.filter(([, value]) => value !== ''));
}

// One pass, so that a value which looks like a placeholder stays what it is.
const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? '') : whole,
  );
