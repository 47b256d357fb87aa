// `tenant`: the customer to whom a subscription or an endpoint belongs. The deployer sets it, never the customer.
import { field, text, titled } from './field.ts';

export const tenant = field(() =>
  titled(
    text(64)
      .regex(/^[A-Za-z0-9._-]+$/, 'must be letters, digits, dot, underscore and hyphen')
      // These would look like steps of a path in the names of the tenant's secrets.
      .refine((name) => name !== '.' && name !== '..', 'must be more than dots'),
    'Tenant',
    'The customer to whom it belongs: 1 to 64 letters, digits, dots, underscores and hyphens. Items of one tenant may use the secrets of this tenant.',
  ),
);
