// To whom a secret belongs, by its name alone, and who may use it. The CLI and the functions decide by this file, before
// anything is read from Secrets Manager.
import type { SecretReference } from './secret-reference.ts';

/** Who uses a secret: a config item, and its tenant if it has one. */
export type SecretUser = {
  readonly kind: 'subscription' | 'endpoint';
  /** The id of a subscription, the name of an endpoint. */
  readonly name: string;
  readonly tenant: string | undefined;
};

/** What a deployment says about secrets. */
export type SecretRules = {
  /** All secrets of the stage are below it, except shared ones. */
  readonly prefix: string;
  /** Secrets of these names, and below them, are for every item. See `isForEvery`. */
  readonly shared: readonly string[];
  /** Where the functions run; undefined where that is unknown. */
  readonly account: string | undefined;
  readonly region: string | undefined;
};

/** Purposes of the secrets that the CLI makes. The credentials of `auth` have the secret of the subscription's own name. */
export const PURPOSES = ['auth', 'signing', 'proxy', 'keyStore', 'trustStore'] as const;
export type Purpose = (typeof PURPOSES)[number];

const TENANTS = 'tenants';
const ENDPOINTS = 'endpoints';
/** Below the prefix, these hold the secrets of tenants and of endpoints, and none of a subscription. */
const RESERVED = [TENANTS, ENDPOINTS] as const;

/**
 * The name of a subscription's own secret for a purpose. Different subscriptions and purposes never have the same name, and
 * no name of one is below that of another.
 */
export const secretNameOf = (id: string, purpose: Purpose, { prefix }: Pick<SecretRules, 'prefix'>): string =>
  `${prefix}/${segmentOf(id)}${purpose === 'auth' ? '' : `@${purpose}`}`;

/** Says why the item may not use the secret, as the reason of a fault; undefined: it may. */
export function refusalOfSecret(
  { name, arn }: SecretReference,
  user: SecretUser,
  rules: SecretRules,
): string | undefined {
  if (arn !== undefined && isElsewhere(arn, rules)) {
    return 'is the ARN of a secret in another account or region, and none of those may be used: name a secret of the account and the region of the deployment';
  }
  return mayUse(name, user, rules) ? undefined : instead(user, rules);
}

function isElsewhere(
  arn: NonNullable<SecretReference['arn']>,
  { account, region }: Pick<SecretRules, 'account' | 'region'>,
): boolean {
  return arn.account !== (account ?? arn.account) || arn.region !== (region ?? arn.region);
}

function mayUse(name: string, user: SecretUser, { prefix, shared }: SecretRules): boolean {
  const { kind, tenant } = user;
  const own = ownNameOf(user, prefix);
  if (isAtOrBelow(name, own)) return true;
  if (tenant !== undefined && isAtOrBelow(name, tenantNameOf(tenant, prefix))) return true;
  if (kind === 'subscription' && PURPOSES.some((purpose) => name === `${own}@${purpose}`)) return true;
  return shared.some((one) => isForEvery(one, prefix) && isAtOrBelow(name, one));
}

/**
 * Whether a shared name has an effect. The stage's prefix and the names above it have none, because every item could then
 * use the secrets of all others. Nor have the names of tenants and endpoints.
 */
export const isForEvery = (shared: string, prefix: string): boolean =>
  !isAtOrAbove(shared, prefix) && !RESERVED.some((reserved) => isAtOrAbove(`${prefix}/${reserved}`, shared));

/** Whether a name is the other one, or the other one is below it. */
const isAtOrAbove = (name: string, other: string): boolean => `${other}/`.startsWith(`${name}/`);

const ownNameOf = ({ kind, name }: SecretUser, prefix: string): string =>
  kind === 'subscription' ? `${prefix}/${segmentOf(name)}` : `${prefix}/${ENDPOINTS}/${segmentOf(name)}`;

const tenantNameOf = (tenant: string, prefix: string): string => `${prefix}/${TENANTS}/${tenant}`;

/** Secrets Manager gives `/` no meaning. Names that look like paths to elsewhere are refused, for readers of logs and policies. */
function isAtOrBelow(name: string, root: string): boolean {
  if (name === root) return true;
  if (!name.startsWith(`${root}/`)) return false;
  return name
    .slice(root.length + 1)
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

/**
 * An id as one segment of a secret's name: `=` and two hex digits for each character that is not a letter, a digit or one of
 * `_+.-`. So an id with a slash is not below the id before the slash.
 */
function segmentOf(id: string): string {
  const encoded = id.replace(/[^A-Za-z0-9_+.-]/g, hexOf);
  return TAKEN.has(encoded) ? `${hexOf(encoded)}${encoded.slice(1)}` : encoded;
}

const TAKEN: ReadonlySet<string> = new Set([...RESERVED, '.', '..']);

const hexOf = (text: string): string => `=${text.charCodeAt(0).toString(16).padStart(2, '0')}`;

function instead(user: SecretUser, { prefix, shared }: SecretRules): string {
  const own = ownNameOf(user, prefix);
  const tenant =
    user.tenant === undefined ? '' : `, and ${tenantNameOf(user.tenant, prefix)} and names below it`;
  const common = shared.length === 0 ? '' : ', and those of sharedSecretPrefixes';
  return `names a secret that belongs to others: this ${user.kind} may use ${own} and names below it (${own}/…)${tenant}${common}. Copy the secret to such a name, or give items that share it one tenant`;
}
