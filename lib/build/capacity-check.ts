// Checks whether the parameters of a deployment fit together, when it is packaged. The table of parameters says which values
// a single parameter may have. The functions here are pure.
import type * as z from 'zod';
import { isForbiddenCidr, wholePrivateRangeIn } from '#lib/callback/address.ts';
import { PARAMETERS, type ParameterValues } from '#lib/deployment/parameters.ts';
import { closest } from '#lib/item/did-you-mean.ts';
import { isForEvery } from '#lib/item/secret-owner.ts';

/** The first parameter that is wrong by itself, in one sentence. */
export function faultIn({ issues: [issue] }: z.ZodError, given: Readonly<Record<string, unknown>>): string {
  const name = String(issue?.path[0] ?? 'a parameter');
  return `${name} (${JSON.stringify(given[name])}) ${issue?.message}.`;
}

/**
 * The first `--param NAME=VALUE` whose name is not in the table, in a sentence with the name that was probably meant.
 * undefined when all are known.
 */
export function unknownParameter(given: readonly string[]): string | undefined {
  const known = Object.keys(PARAMETERS);
  for (const text of given) {
    const [name = ''] = text.split('=', 1);
    if (known.includes(name)) continue;
    const meant = closest(name, known);
    const hint = meant === undefined ? 'OPERATORS.md has a table of all of them.' : `did you mean ${meant}?`;
    return `There is no parameter ${JSON.stringify(name)}: ${hint}`;
  }
  return undefined;
}

const DEDUPLICATION_WINDOW_SECONDS = 300;
/** The seconds of its timeout that `deliver` needs for work other than the HTTP exchange. */
const DELIVER_NEEDS_SECONDS = 10;
/** `bridge` keeps half of this for handing back, and needs the rest for a broker that answers late. */
const BRIDGE_NEEDS_SECONDS = 30;

/** Says in one sentence what does not fit and which parameter to change; undefined when all parameters fit. */
export function misfit(numbers: ParameterValues): string | undefined {
  const readTimeoutSeconds = numbers.largestReadTimeoutMs / 1000;
  if (readTimeoutSeconds + DELIVER_NEEDS_SECONDS > numbers.deliverTimeoutSeconds) {
    return `largestReadTimeoutMs (${numbers.largestReadTimeoutMs}) must leave deliverTimeoutSeconds (${numbers.deliverTimeoutSeconds}) ${DELIVER_NEEDS_SECONDS} s to spare, or no such exchange could ever begin.`;
  }
  for (const [name, seconds] of [
    ['deliverTimeoutSeconds', numbers.deliverTimeoutSeconds],
    ['bridgeTimeoutSeconds', numbers.bridgeTimeoutSeconds],
  ] as const) {
    if (numbers.deliveriesVisibilitySeconds >= 6 * seconds) continue;
    return `deliveriesVisibilitySeconds (${numbers.deliveriesVisibilitySeconds}) must be at least six times ${name} (${seconds}), since a throttled invocation begins late.`;
  }
  if (numbers.bridgeTimeoutSeconds < BRIDGE_NEEDS_SECONDS) {
    return `bridgeTimeoutSeconds (${numbers.bridgeTimeoutSeconds}) must be at least ${BRIDGE_NEEDS_SECONDS}, or there is no time left to wait for a broker.`;
  }
  if (numbers.messagesVisibilitySeconds < numbers.routeTimeoutSeconds) {
    return `messagesVisibilitySeconds (${numbers.messagesVisibilitySeconds}) must not be less than routeTimeoutSeconds (${numbers.routeTimeoutSeconds}), or AWS refuses the function.`;
  }
  if (numbers.messagesVisibilitySeconds >= DEDUPLICATION_WINDOW_SECONDS) {
    return `messagesVisibilitySeconds (${numbers.messagesVisibilitySeconds}) must be under ${DEDUPLICATION_WINDOW_SECONDS}, SQS's deduplication window, or a fan-out that is begun again is sent twice.`;
  }
  if (numbers.retentionSeconds <= numbers.deliveriesVisibilitySeconds) {
    return `retentionSeconds (${numbers.retentionSeconds}) must be more than deliveriesVisibilitySeconds (${numbers.deliveriesVisibilitySeconds}), or SQS deletes what is being worked on.`;
  }
  if (numbers.drainBudget > numbers.deliverMaximumConcurrency) {
    return `drainBudget (${numbers.drainBudget}) must not be more than deliverMaximumConcurrency (${numbers.deliverMaximumConcurrency}), or drains take all of it from what arrives.`;
  }
  if (numbers.drainBudget + numbers.slowDrainBudget > numbers.deliverMaximumConcurrency) {
    return `slowDrainBudget (${numbers.slowDrainBudget}) and drainBudget (${numbers.drainBudget}) together must not be more than deliverMaximumConcurrency (${numbers.deliverMaximumConcurrency}), or drains take all of it from what arrives.`;
  }
  return (
    misfitOfWaits(numbers) ?? misfitOfRanges(numbers) ?? misfitOfVpc(numbers) ?? misfitOfSecrets(numbers)
  );
}

/** Says the same about the parameters of waits, retries and claims. */
function misfitOfWaits(numbers: ParameterValues): string | undefined {
  const { backlogRetentionDays, claimsLiveDays, retentionSeconds } = numbers;
  // The two numbers are whole days, so they differ by a day at least. A message may be received again before it is parked,
  // and a day is longer than any visibility timeout.
  if (backlogRetentionDays >= claimsLiveDays) {
    return `backlogRetentionDays (${backlogRetentionDays}) must be under claimsLiveDays (${claimsLiveDays}), the life of at-most-once's claims, or what waited longer could be sent twice.`;
  }
  for (const [first, longest] of [
    ['outageFirstWaitSeconds', 'outageLongestWaitSeconds'],
    ['faultFirstWaitSeconds', 'faultLongestWaitSeconds'],
  ] as const) {
    if (numbers[first] <= numbers[longest]) continue;
    return `${first} (${numbers[first]}) must not be more than ${longest} (${numbers[longest]}).`;
  }
  for (const name of ['outageLongestWaitSeconds', 'longestRetryAfterSeconds'] as const) {
    if (numbers[name] < backlogRetentionDays * 86_400) continue;
    return `${name} (${numbers[name]}) must be under backlogRetentionDays (${backlogRetentionDays}, ${backlogRetentionDays * 86_400} s), or what waits for the next request expires before it.`;
  }
  if (numbers.faultLongestWaitSeconds >= retentionSeconds) {
    return `faultLongestWaitSeconds (${numbers.faultLongestWaitSeconds}) must be under retentionSeconds (${retentionSeconds}), or SQS deletes what was handed back.`;
  }
  if (numbers.drainSliceSeconds + DELIVER_NEEDS_SECONDS > numbers.deliverTimeoutSeconds) {
    return `drainSliceSeconds (${numbers.drainSliceSeconds}) must leave deliverTimeoutSeconds (${numbers.deliverTimeoutSeconds}) ${DELIVER_NEEDS_SECONDS} s to spare, or no slice could last so long.`;
  }
  const receives = numbers.aloneAtReceives + numbers.crashingAtStarts;
  if (receives * numbers.deliveriesVisibilitySeconds >= retentionSeconds) {
    return `aloneAtReceives (${numbers.aloneAtReceives}) and crashingAtStarts (${numbers.crashingAtStarts}) take up to ${receives} times deliveriesVisibilitySeconds (${numbers.deliveriesVisibilitySeconds}), and must be over within retentionSeconds (${retentionSeconds}), or SQS deletes a crashing message before it is given up.`;
  }
  if (numbers.excerptBytes > numbers.responseCapBytes) {
    return `excerptBytes (${numbers.excerptBytes}) must not be more than responseCapBytes (${numbers.responseCapBytes}), which is all that is read of an answer.`;
  }
  return undefined;
}

/** The misfit of the ranges that callbacks or brokers may be in, in one sentence. */
function misfitOfRanges({ allowWholePrivateRanges, ...values }: ParameterValues): string | undefined {
  for (const [name, what] of [
    ['allowedCidrs', 'callbacks'],
    ['brokerCidrs', 'brokers'],
  ] as const) {
    const never = values[name].find(isForbiddenCidr);
    if (never !== undefined) {
      return `${name} holds ${never}: loopback and link-local addresses can't be allowed, Lambda's own interfaces are there.`;
    }
    const whole = wholePrivateRangeIn(values[name]);
    if (whole === undefined || allowWholePrivateRanges) continue;
    return `${name} holds all of ${whole}, which opens a whole private range: name the networks of the ${what}, such as 10.20.0.0/16, or set allowWholePrivateRanges to true.`;
  }
  return undefined;
}

/** Lambda needs subnets and security groups, or neither. */
function misfitOfVpc({ vpcSubnetIds, vpcSecurityGroupIds }: ParameterValues): string | undefined {
  if ((vpcSubnetIds.length === 0) === (vpcSecurityGroupIds.length === 0)) return undefined;
  return 'vpcSubnetIds and vpcSecurityGroupIds go together: Lambda needs both, or neither.';
}

/** Refuses the shared names that have no effect, because they would open the secrets of others. */
function misfitOfSecrets({ secretsPrefix, sharedSecretPrefixes }: ParameterValues): string | undefined {
  const refused = sharedSecretPrefixes.find((shared) => !isForEvery(shared, secretsPrefix));
  if (refused === undefined) return undefined;
  return `sharedSecretPrefixes holds ${refused}, and the secrets below ${secretsPrefix} belong to one subscription, tenant or endpoint each: share single names below it, none of them below ${secretsPrefix}/tenants or ${secretsPrefix}/endpoints, or names outside of it.`;
}
