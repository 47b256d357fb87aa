// Codes for a request that was not sent, because its credentials or TLS settings could not be read or used: a closed list. No
// claim was made.
import { SECRET_CODES } from './secrets.ts';
import { TOKEN_CODES } from './token.ts';

export const CREDENTIAL_CODES = [
  ...SECRET_CODES,
  'secret-invalid',
  'trust-store-invalid',
  'key-store-invalid',
  ...TOKEN_CODES,
] as const;
export type CredentialCode = (typeof CREDENTIAL_CODES)[number];

/** A failure as a value: its code, and a sentence without credentials. */
export type CredentialFailure = {
  readonly ok: false;
  readonly code: CredentialCode;
  readonly message: string;
};
