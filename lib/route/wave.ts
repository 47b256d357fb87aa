// Messages of one publisher's group whose deliveries are sent together. SQS answers for each entry of a call alone: where it
// refuses one, it may have stored a later one of the same message group, which then overtakes it. So an ordered lane is in a
// wave once. The other lanes have no order to lose.
import type { SQSRecord } from 'aws-lambda';
import { groupOf } from '#lib/message/lane.ts';
import type { Addressed, Laned } from './address.ts';
import { type UseLanesDeps, useLanes } from './use-lanes.ts';

export type Deliverable = Extract<Addressed, { kind: 'deliveries' }>;
export type Routable = { readonly record: SQSRecord; readonly addressed: Deliverable };

/**
 * The first records whose deliveries may be sent together, at least the first record; none where this one has no delivery
 * to send. `most`: deliveries. Throws when the first record can't be addressed, or its lanes can't be noted.
 */
export async function nextWave(
  records: readonly SQSRecord[],
  addressOf: (record: SQSRecord) => Promise<Addressed | undefined>,
  most: number,
  deps: UseLanesDeps,
): Promise<readonly Routable[]> {
  const wave: Routable[] = [];
  const lanes = new Set<string>();
  let deliveries = 0;
  for (const record of records) {
    const addressed = await inLanes(record).catch((error: unknown) => {
      // It is the first of the next wave: there its failure is seen.
      if (wave.length === 0) throw error;
      return undefined;
    });
    if (addressed?.kind !== 'deliveries') break;
    const ordered = addressed.deliveries.flatMap(orderedLaneOf);
    deliveries += addressed.deliveries.length;
    if (wave.length > 0 && (deliveries > most || ordered.some((lane) => lanes.has(lane)))) break;
    for (const lane of ordered) lanes.add(lane);
    wave.push({ record, addressed });
  }
  return wave;

  /** A message that has more deliveries is sent alone, page by page. */
  async function inLanes(record: SQSRecord): Promise<Addressed | undefined> {
    const addressed = await addressOf(record);
    if (addressed?.kind !== 'deliveries' || addressed.deliveries.length > most) return addressed;
    return { ...addressed, deliveries: await useLanes(addressed.deliveries, deps) };
  }
}

const orderedLaneOf = ({ delivery, lane, isOrdered }: Laned): readonly string[] =>
  isOrdered ? [groupOf(delivery.subscription, lane)] : [];
