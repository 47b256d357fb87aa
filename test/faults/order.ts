// The order of a subscription under a guaranteed quality of service: among the messages of a publisher's group, each is sent
// after the end of the one before it.
import type { AttemptsByMessage } from './attempted.ts';
import { inSubscription } from './in-subscription.ts';
import { isGood } from './misplaced.ts';
import type { Stored } from './places.ts';
import type { PlannedMessage, Settings } from './plan.ts';
import type { Received } from './receiver.ts';
import { membersOf } from './request-members.ts';

type Evidence = {
  readonly subscription: string;
  readonly settings: readonly Settings[];
  /** Those of the subscription, in the order of their publication. */
  readonly messages: readonly PlannedMessage[];
  /** Those of the subscription, in their order of arrival, without those of a redrive. */
  readonly received: readonly Received[];
  readonly attempts: AttemptsByMessage;
  readonly stored: Pick<Stored, 'letters' | 'undeliverable' | 'copies'>;
  /** Dead letters that were sent again. */
  readonly redriven: ReadonlySet<string>;
  /** Messages that an interruption may have let come again. */
  readonly interrupted: ReadonlySet<string>;
  /** The functions' clocks differed: the times of their log lines say nothing. */
  readonly isSkewed: boolean;
};

/** A request with a message: its place among all requests, and that of the message within its batch. */
export type Arrival = { readonly request: Received; readonly index: number; readonly member: number };

/** Returns a sentence for each group in which a message was sent too early: the first such message. */
export function disordered(evidence: Evidence): string[] {
  const { subscription, settings, messages } = evidence;
  const [first] = settings;
  if (!settings.every(({ qos }) => qos === first?.qos) || !first?.qos.startsWith('at-')) return [];
  const sent = arrivalsIn(evidence.received);
  const groups = Map.groupBy(
    messages.filter(({ ordered }) => ordered),
    ({ key }) => key,
  );
  return [...groups].flatMap(([key, group]) => {
    for (const [index, later] of group.entries()) {
      const earlier = group.slice(0, index).find((one) => isOvertaken(one, later));
      if (earlier !== undefined)
        return [`${subscription}, key ${key}: ${later.id} was sent before the end of ${earlier.id}`];
    }
    return [];
  });

  /** Both may be in one request, in their order. Then it may be repeated, in parts too. */
  function isOvertaken(earlier: PlannedMessage, later: PlannedMessage): boolean {
    const ofEarlier = sent.get(earlier.id) ?? [];
    const end = endOf(earlier, ofEarlier);
    if (end === undefined) return false;
    return (sent.get(later.id) ?? []).some(({ request, index, member }) => {
      if (index > end.index) return isBeside(request, end.request);
      const together = ofEarlier.find((one) => one.index === index);
      return together === undefined || member < together.member;
    });
  }

  /** at-most-once ends with the only request, at-least-once with the first 2xx, or with the last request before its dead letter. */
  function endOf({ id }: PlannedMessage, requests: readonly Arrival[]): Arrival | undefined {
    const name = inSubscription(subscription, id);
    const { attempts, stored, redriven } = evidence;
    const isAway = stored.letters.has(name) || stored.undeliverable.has(name) || redriven.has(name);
    // What became a dead letter, or had no subscription, before anything was sent may come once more as a late duplicate.
    const isUnsent =
      (attempts.get(name) ?? []).some(({ outcome }) => outcome === 'unsent') ||
      stored.copies.some(
        (one) => one.subscription === subscription && one.id === id && one.reason === 'unknown-subscription',
      );
    if (isAway) return isUnsent ? undefined : lastBeforeLetter(name, requests);
    const good = first?.qos === 'at-least-once' ? requests.find((one) => isGood(one.request)) : undefined;
    return good ?? requests[0];
  }

  /** What came as a copy after an interruption may be behind a later message. */
  function lastBeforeLetter(name: string, requests: readonly Arrival[]): Arrival | undefined {
    const { attempts, interrupted, isSkewed } = evidence;
    if (!interrupted.has(name)) return requests.at(-1);
    const letter = (attempts.get(name) ?? []).find(({ action }) => action === 'dead-letter');
    if (letter === undefined || isSkewed) return requests[0];
    return requests.findLast(({ request }) => request.at <= letter.loggedAt) ?? requests[0];
  }
}

/** The end of a connection without an answer is seen a little later than it was. */
const SEEN_LATER_MS = 5;

/** Whether a request was sent while the other one, which arrived before it, was under way: whatever its end was. */
function isBeside(later: Received, { answeredAt, endedAt }: Received): boolean {
  if (answeredAt !== undefined) return later.at < answeredAt;
  return endedAt === undefined || later.at < endedAt - SEEN_LATER_MS;
}

/** The requests of each message. */
export function arrivalsIn(received: readonly Received[]): ReadonlyMap<string, readonly Arrival[]> {
  const sent = new Map<string, Arrival[]>();
  for (const [index, request] of received.entries()) {
    for (const [member, { id }] of membersOf(request).entries())
      sent.set(id, [...(sent.get(id) ?? []), { request, index, member }]);
  }
  return sent;
}
