// The order of redriven letters: those of a key come as they were published.
import { inSubscription } from './in-subscription.ts';
import type { Items } from './items.ts';
import { type Arrival, arrivalsIn } from './order.ts';
import type { Plan } from './plan.ts';
import type { Received } from './receiver.ts';

type Evidence = {
  readonly plan: Pick<Plan, 'redrive' | 'subscriptions' | 'messages' | 'events'>;
  readonly items: Pick<Items, 'settingsOf'>;
  /** Those since the redrive began, in their order of arrival. */
  readonly received: readonly Received[];
  readonly letters: ReadonlySet<string>;
  /** Messages that an interruption may have let come again. */
  readonly interrupted: ReadonlySet<string>;
};

/** Returns a sentence for each key of which a letter came before an earlier one. */
export function redrivenOutOfOrder({ plan, items, received, letters, interrupted }: Evidence): string[] {
  // Letters are sorted by the times of their first attempts, so clocks that differ may change their order. A redrive that was
  // cut off sorts the rest by itself.
  const isSorted = plan.redrive === 'nothing' && plan.events.every((event) => event.do !== 'skew');
  if (!isSorted) return [];
  return plan.subscriptions.flatMap(({ id: subscription }) => {
    const qualities = new Set(items.settingsOf(subscription).map(({ qos }) => qos));
    const [qos = 'none'] = qualities;
    if (qualities.size > 1 || !qos.startsWith('at-')) return [];
    const sent = arrivalsIn(received.filter((request) => request.subscription === subscription));
    const redriven = plan.messages.filter(({ id, ordered, subscriptions }) => {
      const name = inSubscription(subscription, id);
      return ordered && subscriptions.includes(subscription) && letters.has(name) && !interrupted.has(name);
    });
    return [...Map.groupBy(redriven, ({ key }) => key)].flatMap(([key, group]) => {
      const firsts = group.flatMap(({ id }) => sent.get(id)?.[0] ?? []);
      const isOrdered = firsts.every((one, index) => index === 0 || isAfter(one, firsts[index - 1]));
      return isOrdered ? [] : [`${subscription}, key ${key}: its letters were not redriven in their order`];
    });
  });
}

const isAfter = (one: Arrival, before: Arrival | undefined): boolean =>
  before === undefined ||
  one.index > before.index ||
  (one.index === before.index && one.member > before.member);
