// Whether the numbers of a deployment fit together: checked when it is packaged, where a mistake costs a sentence.
// Pure.
import { isCidr } from '#lib/callback/address.ts';

export type Numbers = {
  readonly deliverTimeoutSeconds: number;
  readonly deliveriesVisibilitySeconds: number;
  readonly routeTimeoutSeconds: number;
  readonly messagesVisibilitySeconds: number;
  readonly largestReadTimeoutMs: number;
  readonly allowedCidrs: string;
};

const DEDUPLICATION_WINDOW_SECONDS = 300;
/** What `deliver` keeps of its time for anything but the exchange. */
const DELIVER_NEEDS_SECONDS = 10;
const NEVER_ALLOWED = /^(0\.|127\.|169\.254\.|::|fe[89ab][0-9a-f]:|\/0$|[0-9a-f.:]+\/0$)/i;

/** What does not fit, each in one sentence that names the parameter to change; undefined when all does. */
export function misfit(numbers: Numbers): string | undefined {
  const readTimeoutSeconds = numbers.largestReadTimeoutMs / 1000;
  if (readTimeoutSeconds + DELIVER_NEEDS_SECONDS > numbers.deliverTimeoutSeconds) {
    return `largestReadTimeoutMs (${numbers.largestReadTimeoutMs}) must leave deliverTimeoutSeconds (${numbers.deliverTimeoutSeconds}) ${DELIVER_NEEDS_SECONDS} s to spare, or no such exchange could ever begin.`;
  }
  if (numbers.deliveriesVisibilitySeconds < 6 * numbers.deliverTimeoutSeconds) {
    return `deliveriesVisibilitySeconds (${numbers.deliveriesVisibilitySeconds}) must be at least six times deliverTimeoutSeconds (${numbers.deliverTimeoutSeconds}), since a throttled invocation begins late.`;
  }
  if (numbers.messagesVisibilitySeconds < numbers.routeTimeoutSeconds) {
    return `messagesVisibilitySeconds (${numbers.messagesVisibilitySeconds}) must not be less than routeTimeoutSeconds (${numbers.routeTimeoutSeconds}), or AWS refuses the function.`;
  }
  if (numbers.messagesVisibilitySeconds >= DEDUPLICATION_WINDOW_SECONDS) {
    return `messagesVisibilitySeconds (${numbers.messagesVisibilitySeconds}) must be under ${DEDUPLICATION_WINDOW_SECONDS}, SQS's deduplication window, or a fan-out that is begun again is sent twice.`;
  }
  for (const cidr of numbers.allowedCidrs.split(',').map((text) => text.trim())) {
    if (cidr === '') continue;
    if (!isCidr(cidr))
      return `allowedCidrs holds ${JSON.stringify(cidr)}, which is no CIDR such as 10.0.0.0/8.`;
    if (NEVER_ALLOWED.test(cidr)) {
      return `allowedCidrs holds ${cidr}: loopback and link-local addresses can't be allowed, Lambda's own interfaces are there.`;
    }
  }
  return undefined;
}
