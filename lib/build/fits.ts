// Whether the numbers of a deployment fit together: checked when it is packaged, where a mistake costs a sentence.
// Pure.
import * as z from 'zod';
import { isCidr } from '#lib/callback/address.ts';

const whole = (from: number, to: number) => {
  const said = `must be a whole number from ${from} to ${to}`;
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,9}$/, said)
          .transform(Number),
      ],
      said,
    )
    .pipe(z.number().int(said).min(from, said).max(to, said));
};
/** Lambda's longest timeout; SQS's longest visibility and retention; CloudWatch's own list. */
const timeout = whole(1, 900);
const visibility = whole(1, 43_200);
const concurrency = whole(2, 1_000);
/** Lambda's most; and what ten answers, or a thousand letters, still fit in. */
const memory = whole(256, 10_240);
const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export const numbersSchema = z.strictObject({
  deliverTimeoutSeconds: timeout,
  deliveriesVisibilitySeconds: visibility,
  routeTimeoutSeconds: timeout,
  messagesVisibilitySeconds: visibility,
  bridgeTimeoutSeconds: timeout,
  largestReadTimeoutMs: whole(1, 900_000),
  retentionSeconds: whole(60, 1_209_600),
  routeMaximumConcurrency: concurrency,
  deliverMaximumConcurrency: concurrency,
  bridgeMaximumConcurrency: concurrency,
  drainBudget: whole(1, 1_000),
  lagSeconds: whole(1, 86_400),
  /** Under the two minutes after which a drain that was not heard of is begun anew. */
  drainSliceSeconds: whole(1, 60),
  outageFirstWaitSeconds: whole(1, 86_400),
  outageLongestWaitSeconds: whole(1, 86_400),
  longestRetryAfterSeconds: whole(1, 604_800),
  mostRetryHops: whole(1, 1_000),
  mostRedriveRounds: whole(1, 1_000),
  /** Every message alone would be one message a batch. */
  aloneAtReceives: whole(2, 100),
  crashingAtStarts: whole(1, 100),
  faultFirstWaitSeconds: whole(1, 3_600),
  faultLongestWaitSeconds: whole(1, 3_600),
  /** A token is an answer, too; ten at once have to fit the memory. */
  responseCapBytes: whole(16_384, 4_194_304),
  /** A claim holds it, at a write unit for each KiB; a dead letter holds it beside its message. */
  excerptBytes: whole(0, 16_384),
  secretCacheSeconds: whole(1, 86_400),
  configCacheSeconds: whole(1, 3_600),
  backlogRetentionDays: whole(1, 3_650),
  claimsLiveDays: whole(1, 3_651),
  /** The sweep looks every ten. */
  unsubscribedAfterMinutes: whole(10, 43_200),
  bridgeRetentionDays: whole(1, 3_650),
  memoryMb: memory,
  redriveMemoryMb: memory,
  logRetentionDays: whole(1, 3_653).refine(
    (days) => LOG_DAYS.includes(days),
    `must be one of ${LOG_DAYS.join(', ')}: CloudWatch knows no other`,
  ),
});
export type Numbers = z.infer<typeof numbersSchema>;

/** The first parameter that is wrong by itself, in one sentence. */
export function faultIn({ issues: [issue] }: z.ZodError, given: Readonly<Record<string, unknown>>): string {
  const name = String(issue?.path[0] ?? 'a parameter');
  return `${name} (${JSON.stringify(given[name])}) ${issue?.message}.`;
}

const DEDUPLICATION_WINDOW_SECONDS = 300;
/** What `deliver` keeps of its time for anything but the exchange. */
const DELIVER_NEEDS_SECONDS = 10;
/** `bridge` keeps half of this for handing back, and needs the rest for a broker that answers late. */
const BRIDGE_NEEDS_SECONDS = 30;

/** What does not fit, in one sentence that names the parameter to change; undefined when all does. */
export function misfit(numbers: Numbers): string | undefined {
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
  return misfitOfWaits(numbers);
}

/** The same of what waits, is tried again and is remembered. */
function misfitOfWaits(numbers: Numbers): string | undefined {
  const { backlogRetentionDays, claimsLiveDays, retentionSeconds } = numbers;
  // More by a day is more than any visibility timeout: a message may be in the queue again before it is parked.
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

const NEVER_ALLOWED = /^(0\.|127\.|169\.254\.|::|fe[89ab][0-9a-f]:|\/0$|[0-9a-f.:]+\/0$)/i;

/** What is wrong with the ranges that callbacks may be in, in one sentence. */
export function cidrsMisfit(allowedCidrs: string): string | undefined {
  for (const cidr of allowedCidrs.split(',').map((text) => text.trim())) {
    if (cidr === '') continue;
    if (!isCidr(cidr)) {
      return `allowedCidrs holds ${JSON.stringify(cidr)}, which is no CIDR such as 10.0.0.0/8.`;
    }
    if (NEVER_ALLOWED.test(cidr)) {
      return `allowedCidrs holds ${cidr}: loopback and link-local addresses can't be allowed, Lambda's own interfaces are there.`;
    }
  }
  return undefined;
}
