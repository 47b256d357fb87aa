// The ledger of a run: what was published against what arrived and what is stored. Each broken promise is a sentence.

import { attemptsByMessage, isDropped } from './attempted.ts';
import { early } from './early.ts';
import { inSubscription } from './in-subscription.ts';
import { type Interruption, interruptionsFor } from './interruptions.ts';
import { itemIn } from './item.ts';
import { since } from './item-versions.ts';
import type { Items } from './items.ts';
import { isGood, misplaced } from './misplaced.ts';
import { needless } from './needless.ts';
import { disordered } from './order.ts';
import { type Copy, type Place, requestsByMessage, type Stored } from './places.ts';
import type { Plan, PlannedMessage } from './plan.ts';
import { bodyOf, bytesOf, headersOf } from './published.ts';
import { overRate } from './rates.ts';
import type { Received } from './receiver.ts';
import type { Redrive } from './redrive.ts';
import { hashOf, membersOf } from './request-members.ts';
import { sentOf } from './sent.ts';
import type { Resumed } from './settle.ts';

export const PROMISES = [
  'lost',
  'doubled',
  'out of order',
  'cap',
  'rate',
  'too early',
  'stuck',
  'changed',
  'misplaced',
] as const;
export type Breach = { readonly promise: (typeof PROMISES)[number]; readonly text: string };

/** A message of a subscription at the end. */
export type Entry = {
  readonly id: string;
  readonly subscription: string;
  readonly place: Place;
  readonly copies: readonly Copy[];
};

export type Ledger = {
  readonly entries: readonly Entry[];
  readonly places: Readonly<Partial<Record<Place, number>>>;
  readonly breaches: readonly Breach[];
  /** Messages that an interruption may have let come again, each with its subscription. */
  readonly interrupted: ReadonlySet<string>;
  readonly requests: number;
};

type Evidence = {
  readonly items: Pick<Items, 'qualitiesOf' | 'settingsOf' | 'versionsOf' | 'endpointAbsences'>;
  readonly received: readonly Received[];
  readonly stored: Stored;
  readonly redrive?: Redrive | undefined;
  /** When each message was published, by the run's clock. */
  readonly publishedAt: ReadonlyMap<string, number>;
  /** The functions, and the calls to AWS that may have done something, that failed. */
  readonly interruptions: readonly Interruption[];
  /** The faults that a call to AWS met. */
  readonly metFaults: readonly string[];
  /** When the harness resumed what waited for a person. */
  readonly resumed: readonly Resumed[];
};

const TYPE = 'content-type';

/** Compares the end of a run with its plan. */
export function balance(plan: Plan, evidence: Evidence): Ledger {
  const { items, received, stored, redrive, publishedAt, interruptions, metFaults, resumed } = evidence;
  const copies = Map.groupBy(stored.copies, ({ subscription, id }) => inSubscription(subscription, id));
  const requests = requestsByMessage(received);
  const attempts = attemptsByMessage(stored.attempts);
  const places: Partial<Record<Place, number>> = {};
  // What a redrive sent again is accounted for with the redrive.
  const unasked = new Set(received.slice(0, redrive?.requestsBefore));
  const skews = [0, ...plan.events.flatMap((event) => (event.do === 'skew' ? event.ms : []))];
  const skewMs = Math.max(...skews) - Math.min(...skews);
  const breaches: Breach[] = [];
  const entries: Entry[] = [];
  const interrupted = new Set<string>();
  const breach = (promise: Breach['promise'], text: string) => breaches.push({ promise, text });

  for (const { id: subscription } of plan.subscriptions) {
    const qualities = items.qualitiesOf(subscription);
    const messages = plan.messages.filter((message) => message.subscriptions.includes(subscription));
    const ends = [
      ...items.versionsOf(subscription).map((one) => one.from),
      ...items.endpointAbsences().map(({ until }) => until),
      ...resumed.filter((one) => one.subscription === subscription).map(({ at }) => at),
    ];
    for (const message of messages) {
      const key = inSubscription(subscription, message.id);
      const made = requests.get(key) ?? [];
      const kept = copies.get(key) ?? [];
      const tried = attempts.get(key) ?? [];
      const from = publishedAt.get(message.id) ?? 0;
      const isRedriven = redrive?.letters.has(key) ?? false;
      const own = interruptionsFor(interruptions, {
        subscription,
        id: message.id,
        publishedAt: from,
        hasLetter: isRedriven || stored.letters.has(key),
        isRedriven,
        isUndeliverable: stored.undeliverable.has(key),
      });
      if (own.length > 0) interrupted.add(key);
      const place = placeOf(subscription, message, made, own);
      places[place] = (places[place] ?? 0) + 1;
      entries.push({ id: message.id, subscription, place, copies: kept });
      if (place === 'lost') breach('lost', `${message.id} of ${subscription} (${qualities.join(', ')})`);
      const wrong = misplaced(
        { made, attempts: tried, copies: kept, isRedriven },
        {
          publishedAt: from,
          versions: items.versionsOf(subscription),
          endpointAbsences: items.endpointAbsences(),
          interruptions: own.length,
          isRefused: metFaults.includes('partly-refused SendMessageBatch'),
        },
      );
      for (const text of wrong) breach('misplaced', `${message.id} of ${subscription}: ${text}`);
      const unredriven = made.filter((one) => unasked.has(one));
      const again = {
        made,
        unasked: unredriven.length,
        qualities,
        attempts: tried,
        interruptions: own.length,
      };
      for (const text of needless(again)) breach('doubled', `${message.id} of ${subscription} ${text}`);
      if (place === 'backlog') breach('stuck', `${message.id} waits in the backlog of ${subscription}`);
      if (isFiltered(subscription, message) && made.length > 0)
        breach('misplaced', `${message.id} does not match the filter of ${subscription} and was sent`);
      if (isFiltered(subscription, message) && (place === 'held' || place === 'dead letter'))
        breach(
          'misplaced',
          `${message.id} does not match the filter of ${subscription} and is kept: ${place}`,
        );
      const waits = { made: unredriven, attempts: tried, ends };
      if (own.length === 0 && skewMs === 0 && !isByHand(subscription))
        for (const text of early(waits)) breach('too early', `${message.id} of ${subscription} ${text}`);
    }
    const own = received.filter((request) => request.subscription === subscription);
    const settings = items.settingsOf(subscription);
    const redriven = redrive?.letters ?? new Set<string>();
    const evidenceOfOrder = {
      subscription,
      settings,
      messages,
      received: own.filter((one) => unasked.has(one)),
      attempts,
      stored,
      redriven,
      interrupted,
      isSkewed: skewMs > 0,
    };
    for (const text of disordered(evidenceOfOrder)) breach('out of order', text);
    const over = overRate(sentOf(own, stored.attempts, skewMs), settings);
    if (over !== undefined) breach('rate', `${subscription}: ${over}`);
  }
  const sent = new Map(plan.messages.map((message) => [message.id, hashOf(bytesOf(message))]));
  const published = new Map(plan.messages.map((message) => [message.id, hashOf(bodyOf(message))]));
  for (const request of received) {
    for (const { id, hash } of membersOf(request)) {
      if (hash !== undefined && hash !== sent.get(id))
        breach('changed', `${request.subscription} got other bytes of ${id} than were published`);
      if (!isFor(request.subscription, id))
        breach('misplaced', `${request.subscription} got ${id}, which is not for it`);
    }
    for (const text of otherHeaders(request)) breach('changed', `${request.subscription} ${text}`);
  }
  for (const { subscription, id, place, hash, isDecoded } of stored.copies) {
    // What could not be read has no subscription.
    if (subscription !== '' && !isFor(subscription, id))
      breach('misplaced', `${id} is kept for ${subscription}, and is not for it: ${place}`);
    if (hash !== undefined && hash !== (isDecoded ? sent : published).get(id))
      breach('changed', `${id} is kept with other bytes: ${place}`);
  }
  return { entries, places, breaches, interrupted, requests: received.length };

  /** The plan resumes the subscription by hand, which may end a wait. */
  function isByHand(subscription: string): boolean {
    return plan.events.some((event) => event.do === 'resume' && event.subscription === subscription);
  }

  /** A batch has a content type of its own, and those headers that its messages share. */
  function otherHeaders(request: Received): string[] {
    const { headers, isWhole } = request;
    const [only, ...more] = membersOf(request);
    const message = plan.messages.find(({ id }) => id === only?.id);
    if (message === undefined || !isWhole || more.length > 0) return [];
    return Object.entries(headersOf(message))
      .filter(
        ([name, value]) => headers.get(name) !== value && !(name === TYPE && headers.has('webhook-batch')),
      )
      .map(([name, value]) => `got ${message.id} with ${name}: ${headers.get(name)} for ${value}`);
  }

  function isFor(subscription: string, messageId: string): boolean {
    const message = plan.messages.find(({ id }) => id === messageId);
    return message === undefined || message.subscriptions.includes(subscription);
  }

  function isFiltered(subscription: string, { keep }: PlannedMessage): boolean {
    return !keep && items.settingsOf(subscription).every(({ filtered }) => filtered);
  }

  function placeOf(
    subscription: string,
    message: PlannedMessage,
    made: readonly Received[],
    own: readonly Interruption[],
  ): Place {
    const key = inSubscription(subscription, message.id);
    if (stored.backlog.has(key)) return 'backlog';
    if (stored.held.has(key)) return 'held';
    if (made.some(isGood)) return 'delivered';
    if (stored.letters.has(key)) return 'dead letter';
    if (stored.undeliverable.has(key)) return 'undeliverable';
    if (isFiltered(subscription, message)) return 'filtered';
    return isTriedOnce(key, subscription, message, made, own) ? 'tried once' : 'lost';
  }

  /** `none` promises one attempt, which may end before a byte arrives. The log has it then, unless its function died. */
  function isTriedOnce(
    key: string,
    subscription: string,
    { id }: PlannedMessage,
    made: readonly Received[],
    own: readonly Interruption[],
  ): boolean {
    const applied = since(items.versionsOf(subscription), publishedAt.get(id) ?? 0);
    if (applied.every(({ is, settings }) => is !== 'valid' || settings.qos !== 'none')) return false;
    const last = made.at(-1);
    return (
      (last !== undefined && itemIn(last.headers)?.qos === 'none') ||
      (attempts.get(key) ?? []).some(isDropped) ||
      own.some((one) => one.function === 'deliver')
    );
  }
}
