// Checks a subscription's item before it is put, against the deployment and the network: faults that would pause it later
// are refused now, all at once.
import {
  DescribeSecretCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { addressRules } from '#lib/callback/address.ts';
import { type Lookup, systemLookup } from '#lib/callback/guard.ts';
import { checkAddresses } from '#lib/callback/resolve.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { type DeploymentRules, itemRules } from '#lib/deployment/rules.ts';
import { faultOfNaming, itemNamedBy, readEndpointItem } from '#lib/endpoint/directory.ts';
import { dotted, type Fault } from '#lib/item/fault.ts';
import { isArnOf, type SecretReference, secretsIn } from '#lib/item/secret-reference.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { urlsOf } from '#lib/subscription/urls.ts';
import { faultsOfCredentials } from './check-credentials.ts';

export type Checked =
  | { readonly ok: true; readonly subscription: Subscription }
  | { readonly ok: false; readonly faults: readonly Fault[] };

type Deps = Pick<CommandContext, 'tables' | 'secrets'> & {
  readonly deployment: DeploymentRules;
  /** Undefined: names are not looked up. */
  readonly lookup: Lookup | undefined;
};

/** Returns the subscription, or all its faults. Throws when AWS fails. */
export async function checkSubscription(item: unknown, deps: Deps): Promise<Checked> {
  const parsed = parseSubscription(item, itemRules(deps.deployment));
  if (!parsed.ok) return parsed;
  const { subscription } = parsed;
  const faults = [
    ...(await unreachable(subscription, deps)),
    ...(await withoutEndpoint(subscription, deps)),
    ...(await withoutSecret(subscription, deps)),
    ...(await faultsOfCredentials(subscription, deps)),
  ];
  return faults.length === 0 ? { ok: true, subscription } : { ok: false, faults };
}

/** The system's name lookup; undefined when names should not be looked up. */
export const lookupUnless = (skip: boolean): Lookup | undefined => (skip ? undefined : systemLookup);

const NOT_FOUND = /without an address$/;

async function unreachable(subscription: Subscription, { lookup, deployment }: Deps): Promise<Fault[]> {
  if (lookup === undefined) return [];
  const addresses = addressRules(deployment);
  const faults: Fault[] = [];
  for (const { path, url } of urlsOf(subscription)) {
    const refusal = await checkAddresses(url, { lookup, addresses });
    if (refusal === undefined) continue;
    const hint = NOT_FOUND.test(refusal)
      ? ': correct it, or give --skip-dns if only the deployment can resolve the name'
      : '';
    faults.push({ path, reason: `${refusal}${hint}` });
  }
  return faults;
}

/** A dlq with a missing endpoint would pause the subscription. */
async function withoutEndpoint(
  subscription: Subscription,
  { tables, deployment }: Pick<Deps, 'tables' | 'deployment'>,
): Promise<Fault[]> {
  const name = itemNamedBy(subscription);
  if (name === undefined) return [];
  const item = await readEndpointItem(name, await tables());
  const fault = faultOfNaming(item, subscription, itemRules(deployment));
  return fault === undefined ? [] : [fault];
}

/** A missing secret would leave every message unsent. Whether the functions may read it is not checked here. */
async function withoutSecret(
  subscription: Subscription,
  { secrets }: Pick<Deps, 'secrets'>,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { path, reference } of secretsIn(subscription, ['configuration'])) {
    const fault = await faultOfSecret(reference, await secrets());
    if (fault !== undefined) faults.push({ path: dotted(path), reason: fault });
  }
  return faults;
}

async function faultOfSecret(
  { name, arn }: SecretReference,
  client: SecretsManagerClient,
): Promise<string | undefined> {
  try {
    const { ARN, DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId: name }));
    if (arn !== undefined && ARN !== undefined && !isArnOf(arn, ARN))
      return 'is the ARN of no secret that exists: give the name of the secret instead';
    return DeletedDate === undefined
      ? undefined
      : 'names a secret that is being deleted: restore it, or name another';
  } catch (error) {
    if (error instanceof ResourceNotFoundException)
      return 'names a secret that does not exist: create it, or give the credentials here, and they are moved into one';
    // The person who registers may lack the right to read secrets.
    if (error instanceof Error && /^AccessDenied/.test(error.name)) return undefined;
    throw error;
  }
}
