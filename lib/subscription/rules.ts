// Rules between a subscription's fields, rules of the deployment, and options that are not supported yet.
import { isIP } from 'node:net';
import type { Fault } from '#lib/item/fault.ts';
import { dotted } from '#lib/item/fault.ts';
import type { SecretUser } from '#lib/item/secret-owner.ts';
import { type SecretReference, secretsIn } from '#lib/item/secret-reference.ts';
import type { ItemFields } from './fields.ts';
import type { ItemShape } from './shape.ts';
import type { Ssl } from './ssl-schema.ts';
import { isOrdered } from './subscription.ts';
import { ALL_TOPICS, isPrefix } from './topics.ts';
import { unsupportedOptions } from './unsupported-options.ts';

/** The deployment's rules for items. */
export type SubscriptionRules = {
  readonly largestReadTimeoutMs: number;
  /** Whether `ssl.trustAll` is allowed. */
  readonly allowTrustAll: boolean;
  /** Whether `ssl.hostnameVerifier` may be false without a trust store of the item's own. */
  readonly allowAnyHostname: boolean;
  /** Why requests may not go to a URL; undefined when they may. */
  readonly checkUrl: (url: string) => string | undefined;
  /** Why an item may not use a secret; undefined when it may. */
  readonly checkSecret: (reference: SecretReference, user: SecretUser) => string | undefined;
};

// Gravitee's forms write a store without a type when none was chosen.
const isStore = (store: Ssl['trustStore'] | Ssl['keyStore']): boolean =>
  store !== undefined && store.type !== 'NONE';
const asksForTls = ({ hostnameVerifier, trustAll, trustStore, keyStore }: Ssl): boolean =>
  !hostnameVerifier || trustAll || isStore(trustStore) || isStore(keyStore);

/** The faults of fields that are valid alone but not together, or not in this deployment. */
export function brokenRules(fields: ItemFields, { found }: ItemShape, rules: SubscriptionRules): Fault[] {
  const faults: Fault[] = [];
  const { readTimeout, callbackUrl, auth } = fields;
  if (readTimeout !== undefined && readTimeout > rules.largestReadTimeoutMs) {
    fault(`must be at most ${rules.largestReadTimeoutMs}, the largest of this deployment`, 'readTimeout');
  }
  if (callbackUrl !== undefined) mayBeCalled(callbackUrl, 'callbackUrl');
  if (auth?.type === 'oauth2' && auth.oauth2 !== undefined) {
    mayBeCalled(auth.oauth2.endpoint, 'auth', 'oauth2', 'endpoint');
  }
  if (auth?.type === 'jwtProfileOauth2' && auth.jwtProfileOauth2 !== undefined) {
    const { endpoint, audience } = auth.jwtProfileOauth2;
    mayBeCalled(
      endpoint ?? audience,
      'auth',
      'jwtProfileOauth2',
      endpoint === undefined ? 'audience' : 'endpoint',
    );
  }
  if (fields.ssl !== undefined) {
    const { trustAll, trustStore, hostnameVerifier } = fields.ssl;
    if (trustAll && !rules.allowTrustAll) {
      const reason =
        'is not allowed by this deployment: put the certificate to trust into trustStore instead';
      fault(reason, 'ssl', 'trustAll');
    } else if (trustAll && isStore(trustStore)) {
      fault(
        'is given beside a trustStore, which would not be looked at: keep one of the two',
        'ssl',
        'trustAll',
      );
    }
    if (!hostnameVerifier && !trustAll && !isStore(trustStore) && !rules.allowAnyHostname) {
      const reason =
        'is not allowed by this deployment without a trustStore: anybody can have a certificate of a public authority, for a host of their own';
      fault(reason, 'ssl', 'hostnameVerifier');
    }
    if (asksForTls(fields.ssl) && callbackUrl !== undefined && /^http:/i.test(callbackUrl)) {
      fault('is for https: mend the callbackUrl, or leave ssl out', 'ssl');
    }
  }
  if (fields.proxy?.enabled === true && fields.proxy.host !== undefined) {
    const { host, port = 1 } = fields.proxy;
    mayBeCalled(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}/`, 'proxy', 'host');
  }
  if (
    fields.topics !== undefined &&
    fields.topic !== ALL_TOPICS &&
    found.has('topic') === (fields.topic !== undefined)
  ) {
    fault(`must be ${ALL_TOPICS} beside topics; \`webhooks subscriptions put\` writes it`, 'topic');
  } else if (fields.topic !== undefined && isPrefix(fields.topic)) {
    const reason = `names more than one topic: put it into topics, and ${ALL_TOPICS} here; \`webhooks subscriptions put\` does so`;
    fault(reason, 'topic');
  }
  // `auto` and `none` keep no order: whoever asks for it would believe that it is kept.
  const qos = fields.qos ?? (found.has('qos') ? undefined : 'auto');
  if (fields.order === 'key' && qos !== undefined && !isOrdered(qos)) {
    fault(
      'must not be key under auto and none, which keep no order: set qos to at-least-once or at-most-once',
      'order',
    );
  }
  if (fields.qos === 'at-least-once' && !found.has('dlq')) {
    const reason = 'must not be false under at-least-once without a dlq: name one, or leave this out';
    if (fields.interruptConsumptionOnServerError === false)
      fault(reason, 'interruptConsumptionOnServerError');
    if (fields.interruptConsumptionOnException === false) fault(reason, 'interruptConsumptionOnException');
  }
  for (const [name, value] of Object.entries(fields)) mayUseSecrets(name, value);
  for (const { option, reason } of unsupportedOptions(fields)) {
    if (!faults.some(({ path }) => path.startsWith(`${pathOf(option)}.`))) fault(reason, option);
  }
  return faults;

  function mayBeCalled(url: string, ...path: [string, ...string[]]): void {
    const refusal = rules.checkUrl(url);
    if (refusal !== undefined) fault(refusal, ...path);
  }

  function mayUseSecrets(name: string, value: unknown): void {
    const { id, tenant } = fields;
    if (id === undefined) return;
    for (const { path, reference } of secretsIn(value)) {
      const refusal = rules.checkSecret(reference, { kind: 'subscription', name: id, tenant });
      if (refusal !== undefined) fault(refusal, name, ...path.map(String));
    }
  }

  function fault(reason: string, ...path: [string, ...string[]]): void {
    faults.push({ path: pathOf(...path), reason });
  }

  function pathOf(...[name, ...inside]: [string, ...string[]]): string {
    return dotted([...(found.get(name)?.path ?? [name]), ...inside]);
  }
}
