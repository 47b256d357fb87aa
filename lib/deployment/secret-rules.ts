// What a deployment says about secrets: its prefixes, and the account and region of its functions. The CLI asks `resume` for
// it. lib/item/secret-owner.ts decides by it.
import { refusalOfSecret, type SecretRules, type SecretUser } from '#lib/item/secret-owner.ts';
import type { SecretReference } from '#lib/item/secret-reference.ts';
import type { BacklogEnvironment } from './config.ts';

type Environment = Pick<
  BacklogEnvironment,
  'SECRETS_PREFIX' | 'SHARED_SECRET_PREFIXES' | 'DELIVERIES_QUEUE_URL'
>;

/** Not every emulator has a region or an account in the URL of a queue. */
const QUEUE_URL = /^https?:\/\/(?:sqs\.([a-z0-9-]+)\.)?[^/]+\/(?:([0-9]{12})\/)?/;

/** The rules as data. Functions and queues of a stage are in one account and region, which the queues' URLs contain. */
export function secretRules(config: Environment): SecretRules {
  const [, region, account] = QUEUE_URL.exec(config.DELIVERIES_QUEUE_URL) ?? [];
  return { prefix: config.SECRETS_PREFIX, shared: config.SHARED_SECRET_PREFIXES, account, region };
}

/** The check of one reference that a config item has to pass. It returns the reason of a fault, or undefined. */
export const secretCheck =
  (rules: SecretRules) =>
  (reference: SecretReference, user: SecretUser): string | undefined =>
    refusalOfSecret(reference, user, rules);
