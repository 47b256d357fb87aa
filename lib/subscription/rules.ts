// What must hold between a subscription's fields, and between them and the deployment; and what is not supported yet.
import { dotted } from './fault.ts';
import type { Fields } from './fields.ts';
import { notYet } from './not-yet.ts';
import type { Shape } from './shape.ts';
import type { Fault } from './subscription.ts';

/** What the deployment allows. */
export type SubscriptionRules = {
  readonly largestReadTimeoutMs: number;
  /** Why requests may not go to a URL; undefined where they may. */
  readonly checkUrl: (url: string) => string | undefined;
};

export function brokenRules(fields: Fields, { found }: Shape, rules: SubscriptionRules): Fault[] {
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
  if (fields.qos === 'at-least-once' && !found.has('dlq')) {
    const reason = 'must not be false under at-least-once without a dlq: name one, or leave this out';
    if (fields.interruptConsumptionOnServerError === false)
      fault(reason, 'interruptConsumptionOnServerError');
    if (fields.interruptConsumptionOnException === false) fault(reason, 'interruptConsumptionOnException');
  }
  for (const { option, reason } of notYet(fields)) {
    if (!faults.some(({ path }) => path.startsWith(`${pathOf(option)}.`))) fault(reason, option);
  }
  return faults;

  function mayBeCalled(url: string, ...path: [string, ...string[]]): void {
    const refusal = rules.checkUrl(url);
    if (refusal !== undefined) fault(refusal, ...path);
  }

  function fault(reason: string, ...path: [string, ...string[]]): void {
    faults.push({ path: pathOf(...path), reason });
  }

  function pathOf(...[name, ...inside]: [string, ...string[]]): string {
    return dotted([...(found.get(name)?.path ?? [name]), ...inside]);
  }
}
