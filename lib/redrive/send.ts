// Sends a page of letters into their lanes on `deliveries.fifo`, and messages that never had a subscription back to the
// publishers' queues: in order within each subscription, at the request's rate, and only while there is time.

import { deliveryInLane, groupOf, laneFor } from '#lib/message/lane.ts';
import { ONE_LANE } from '#lib/message/lane-layout.ts';
import { bySequence } from '#lib/message/sequence.ts';
import type { Backstop } from '#lib/queue/backstop.ts';
import type { Outgoing, Queues } from '#lib/queue/queues.ts';
import type { Log, LogFields } from '#lib/telemetry/log.ts';
import type { FoundLetter, StoredLetter, Unaddressed } from './found-letter.ts';
import type { Pace } from './pace.ts';
import { deliveryOf, inOrder } from './replay.ts';
import { idsOf } from './select.ts';
import { publishersQueueOf, type SendBack } from './send-back.ts';
import type { Item } from './source.ts';
import type { Target } from './target.ts';

export type SendDeps = {
  /** Queues that make several calls at once. */
  readonly queues: Pick<Queues, 'send'>;
  readonly deliveriesQueueUrl: string;
  readonly sendBack: SendBack;
  readonly backstop: Backstop;
  readonly pace: Pace;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly infoAll: (event: string, list: readonly LogFields[]) => void;
};

export type SendPlan<Place> = {
  readonly redriveId: string;
  readonly items: readonly Item<Place>[];
  readonly targets: ReadonlyMap<string, Target | undefined>;
  /** Replay ids sent in this call: a letter that is stored twice is sent once. */
  readonly sent: Set<string>;
  /** Epoch milliseconds. */
  readonly until: number;
};

export type SentLetters<Place> = {
  readonly kind: 'sent' | 'duplicate' | 'refused';
  readonly items: readonly Item<Place>[];
};

/** Messages per wave: five calls of ten. An ordered lane has one message in a wave, because the first of two could fail. */
const WAVE = 50;
const FAILURES_MOST = 6;
const FULL_WAIT_MS = 5_000;

type Prepared<Place> = {
  readonly item: Item<Place>;
  readonly lane: Prepared<Place>[];
  /** The field is undefined for a message that never had a subscription. */
  readonly delivery?: { readonly replayId: string | undefined; readonly entry: Outgoing };
};
type Lane<Place> = { readonly atOnce: number; readonly queue: Prepared<Place>[] };

/** Sends while there is time. `settle` gets each wave's result before the next wave is sent. */
export async function sendPage<Place>(
  plan: SendPlan<Place>,
  settle: (result: SentLetters<Place>) => Promise<void>,
  deps: SendDeps,
): Promise<void> {
  let lanes = lanesOf(plan);
  let failures = 0;
  const settleAll = async (kind: SentLetters<Place>['kind'], prepared: readonly Prepared<Place>[]) => {
    if (prepared.length > 0) await settle({ kind, items: prepared.map(({ item }) => item) });
  };
  while (lanes.length > 0 && deps.now() < plan.until && failures < FAILURES_MOST) {
    if (await deps.backstop.full()) {
      await deps.wait(Math.min(FULL_WAIT_MS, Math.max(1, plan.until - deps.now())));
      continue;
    }
    const allowed = await deps.pace.allowed(WAVE, plan.until);
    if (allowed === 0) return;
    const { wave, duplicates, served } = nextWave(lanes, allowed, plan.sent);
    await settleAll('duplicate', duplicates);
    const codes = await send(wave, plan.redriveId, deps);
    const sent = wave.filter((_, index) => codes[index] === undefined);
    for (const { delivery } of sent) if (delivery?.replayId !== undefined) plan.sent.add(delivery.replayId);
    deps.pace.count(sent.length);
    deps.infoAll(
      'letter.redriven',
      sent.map(({ item: { found } }) => ({ ...lineIdsOf(found), redriveId: plan.redriveId })),
    );
    await settleAll('sent', sent);
    await settleAll(
      'refused',
      wave.filter((_, index) => FOR_EVER.has(codes[index] ?? '')),
    );
    const again = wave.filter((_, index) => codes[index] !== undefined && !FOR_EVER.has(codes[index] ?? ''));
    for (const prepared of again.toReversed()) prepared.lane.unshift(prepared);
    // Messages that got no turn come first in the next wave.
    lanes = [...lanes.slice(served), ...lanes.slice(0, served)].filter(({ queue }) => queue.length > 0);
    failures = again.length > 0 && sent.length === 0 ? failures + 1 : 0;
    // The next wave sends these messages with the same deduplication ids. So SQS stores a message only once if its first
    // confirmation was lost.
    if (again.length > 0) await deps.wait(Math.min(3_000, 100 * 2 ** failures) * (0.5 + deps.random() / 2));
  }
}

/** The ids for the log line of a message. A message that never had a subscription has the ids that its publisher gave it. */
function lineIdsOf(found: FoundLetter): LogFields {
  if (found.kind === 'letter') {
    const { subscription, messageId } = found.carried;
    return { subscription, messageId };
  }
  const [messageId, sqsMessageId] = idsOf(found);
  return { messageId, sqsMessageId };
}

/** SQS's error codes for a message that it will never take. */
const FOR_EVER: ReadonlySet<string> = new Set([
  'InvalidMessageContents',
  'InvalidParameterValue',
  'InvalidAttributeValue',
  'BatchRequestTooLong',
  'MessageTooLong',
]);

function lanesOf<Place>({ items, redriveId, targets }: SendPlan<Place>): Lane<Place>[] {
  const lanes = new Map<string, Lane<Place>>();
  const laneNamed = (name: string, isOrdered: boolean): Prepared<Place>[] => {
    const lane = lanes.get(name) ?? { atOnce: isOrdered ? 1 : 10, queue: [] };
    lanes.set(name, lane);
    return lane.queue;
  };
  const letters: { readonly item: Item<Place>; readonly letter: StoredLetter }[] = [];
  const unaddressed: { readonly item: Item<Place>; readonly origin: Unaddressed['origin'] }[] = [];
  for (const item of items) {
    const { found } = item;
    if (found.kind === 'letter') letters.push({ item, letter: found });
    else unaddressed.push({ item, origin: found.origin });
  }
  // `undeliverable` is a standard queue, which keeps no order. The sequence is that of messages.fifo.
  unaddressed.sort((a, b) => bySequence(a.origin.sequence ?? '', b.origin.sequence ?? ''));
  for (const { item, origin } of unaddressed) {
    const isInOrder = publishersQueueOf(origin) === 'ordered';
    const lane = laneNamed(`unaddressed ${(isInOrder && origin.group) || ''}`, isInOrder);
    lane.push({ item, lane });
  }
  letters.sort((a, b) => inOrder(a.letter, b.letter));
  for (const { item, letter } of letters) {
    const delivery = deliveryOf(letter, redriveId);
    const { subscription, replayId } = delivery;
    const { lanes: layout, isOrdered } = targets.get(subscription) ?? { lanes: ONE_LANE, isOrdered: true };
    const number = laneFor(delivery, layout);
    const lane = laneNamed(groupOf(subscription, number), isOrdered);
    lane.push({ item, lane, delivery: { replayId, entry: deliveryInLane(delivery, letter.body, number) } });
  }
  return [...lanes.values()];
}

/** Takes messages from the lanes in turn, without those that were sent before. */
function nextWave<Place>(lanes: readonly Lane<Place>[], most: number, sent: ReadonlySet<string>) {
  const wave: Prepared<Place>[] = [];
  const duplicates: Prepared<Place>[] = [];
  const inWave = new Set<string>();
  let served = 0;
  for (const { queue, atOnce } of lanes) {
    if (wave.length >= most) break;
    served += 1;
    for (let taken = 0; taken < atOnce && wave.length < most; ) {
      const [next] = queue;
      const replayId = next?.delivery?.replayId;
      if (next === undefined || (replayId !== undefined && inWave.has(replayId))) break;
      queue.shift();
      if (replayId !== undefined && sent.has(replayId)) duplicates.push(next);
      else {
        wave.push(next);
        taken += 1;
        if (replayId !== undefined) inWave.add(replayId);
      }
    }
  }
  return { wave, duplicates, served };
}

/** Sends a wave. For each message, in order: undefined when SQS confirmed it, else the error's code. */
async function send<Place>(
  wave: readonly Prepared<Place>[],
  redriveId: string,
  { queues, deliveriesQueueUrl, sendBack }: SendDeps,
): Promise<readonly (string | undefined)[]> {
  const inLane = wave.flatMap(({ delivery }) => (delivery === undefined ? [] : [delivery.entry]));
  const inLanes = queues.send(deliveriesQueueUrl, inLane);
  const back = Promise.all(
    wave.map(({ item: { found } }) =>
      found.kind === 'unaddressed' ? sendBack(found, redriveId) : undefined,
    ),
  );
  const [codes, codesBack] = [[...(await inLanes)], await back];
  return wave.map(({ delivery }, index) => (delivery === undefined ? codesBack[index] : codes.shift()));
}
