// Checks the end of a random run: what the subscribers received, and where each message is.
import type { Story, Subject } from './chaos.ts';
import { excessOver } from './rate-bound.ts';
import { URLS } from './world.ts';

/** Returns a sentence for each broken promise; an empty list when all hold. */
export function faultsOf({ world, subjects, mostTokens, calmIn }: Story): string[] {
  const faults = [...world.ledger.breaches, ...world.errors.map((error) => `error: ${error}`)];
  if (calmIn() === undefined) faults.push('it does not come to rest');
  if (mostTokens() > 9) faults.push(`${mostTokens()} tokens of one lane at once`);
  const letters = new Set(world.idsOn(URLS.deadLetters));
  const undeliverable = new Set(world.idsOn(URLS.undeliverable));
  const commands = world
    .tokens(URLS.deliveries)
    .flatMap(({ command, id }) => (command ? { command, token: id } : []));
  const replays = commands.flatMap(({ command, token }) =>
    command.do === 'send-held' ? { messageId: command.messageId, token } : [],
  );
  const replayed = new Set(replays.map(({ messageId }) => messageId));
  const skipped = new Set(
    commands.flatMap(({ command: one }) =>
      one.do === 'skip' ? one.entry.slice(41).replace(/#\d+$/, '') : [],
    ),
  );
  const discarded = new Set(
    commands.flatMap(({ command: one }) => (one.do === 'discard-held' ? one.messageId : [])),
  );

  for (const subject of subjects) {
    const held = new Set(world.held(subject.id).map(({ sk }) => String(sk)));
    for (const id of subject.published) {
      const requests = world.ledger.of(subject.id, id);
      const delivered = requests.some(({ status = 0 }) => status >= 200 && status < 300);
      const settled = delivered || letters.has(id) || undeliverable.has(id) || skipped.has(id);
      const aside = held.has(id) || discarded.has(id);
      // `none` promises at most one attempt without a crash.
      const attempted = requests.some(({ qos, unsent }) => qos === 'none' || unsent);
      if (settled || (subject.qosSeen.has('at-most-once') && aside)) continue;
      if (subject.qosSeen.has('none') && attempted) continue;
      faults.push(`${id} is lost (${[...subject.qosSeen]})`);
    }
    faults.push(...doubled(subject), ...disordered(subject), ...tooFast(subject));
  }
  return faults;

  function doubled({ id: subscription, published }: Subject): string[] {
    return published.flatMap((id) => {
      const made = world.ledger
        .of(subscription, id)
        .filter(({ qos, unsent }) => qos === 'at-most-once' && !unsent);
      const asked = new Set(replays.flatMap(({ messageId, token }) => (messageId === id ? token : []))).size;
      return made.length > 1 + asked ? [`${id} was sent ${made.length} times at most once`] : [];
    });
  }

  /** Under each version of its item: a change counts for the next batch. */
  function tooFast({ id: subscription }: Subject): string[] {
    // The messages of a batch are one request.
    const requests = new Map(
      world.ledger.of(subscription).map((request) => [`${request.webhookId} ${request.at}`, request]),
    );
    return [...Map.groupBy(requests.values(), ({ version }) => version)].flatMap(([version, made]) => {
      const limit = world.rateOf(subscription, version);
      const [{ lanes = 1 } = {}] = made;
      const excess = limit
        ? excessOver(
            limit,
            lanes,
            made.map(({ at }) => at),
          )
        : 0;
      return excess > 0 ? [`${subscription} got ${excess} requests too many under version ${version}`] : [];
    });
  }

  function disordered({ id: subscription, first, changed, published, groups }: Subject): string[] {
    if (changed || !first.qos?.startsWith('at-')) return [];
    const at = new Map<string, number>();
    for (const [index, { messageId, status = 0 }] of world.ledger.of(subscription).entries()) {
      if (status >= 200 && status < 300 && !at.has(messageId)) at.set(messageId, index);
    }
    // A message that was settled in another way, by rule or by request, may arrive once more as a late duplicate, out of order.
    const elsewhere = (id: string) =>
      replayed.has(id) || skipped.has(id) || letters.has(id) || undeliverable.has(id);
    const byGroup = Map.groupBy(published, (id) => groups.get(id));
    return [...byGroup.values()].flatMap((sent) => {
      const order = sent.flatMap((id) => (at.has(id) && !elsewhere(id) ? (at.get(id) ?? 0) : []));
      return order.every((index, place) => place === 0 || index > (order[place - 1] ?? 0))
        ? []
        : [
            `${subscription} is out of order: ${sent.filter((id) => at.has(id)).join(' ')} came as ${[...at.keys()].filter((id) => sent.includes(id)).join(' ')}`,
          ];
    });
  }
}
