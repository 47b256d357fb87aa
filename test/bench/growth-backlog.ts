// What the calls of a lane's backlog cost while it grows: the entries have the shapes of the deployed table, and the emulated
// DynamoDB keeps them in memory. Its times mean nothing, but their ratio to those of a short backlog does.
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createClients } from '#lib/local/clients.ts';
import { entryOf, firstEntries, putEntries, removeEntries } from '#lib/state/entries.ts';
import { createTables } from '#lib/state/table.ts';
import { createTable } from '#test/support/create-table.ts';
import { startBeside } from './beside.ts';
import { EMULATOR_FLAGS } from './emulator-flags.ts';
import { fillBacklog, NUMBER_LENGTH } from './growth-fill.ts';
import { median } from './ratio.ts';

export type BacklogGrowth = {
  readonly entries: number;
  /** Medians in milliseconds: to park ten messages, to read the first ten, and to remove them. */
  readonly parkMs: number;
  readonly readMs: number;
  readonly removeMs: number;
  /** Calls to DynamoDB for these three together: parking ten, reading and removing them. */
  readonly calls: number;
};

const LANE = { subscription: 'growth', lane: 0 } as const;
const TEN = 10;
const TABLE = 'state';
const TIMES = 100;
/** The code is compiled, and the connections are open, before the measured ones: both here and in the emulator. */
const WARM_UP = 300;
const BODY = 'x'.repeat(1_024);
const FLAGS = ['--max-old-space-size=12000', ...EMULATOR_FLAGS];

/** Grows one backlog from size to size. Throws when the emulator refuses an entry. */
export async function measureBacklog(sizes: readonly number[]): Promise<BacklogGrowth[]> {
  const emulator = await startBeside('./dynamodb.ts', { flags: FLAGS });
  const { dynamodb } = createClients(emulator.told);
  await createTable(dynamodb, TABLE);
  let calls = 0;
  const documents = DynamoDBDocumentClient.from(dynamodb, {
    marshallOptions: { removeUndefinedValues: true },
  });
  const counting = {
    send: (command: never) => {
      calls += 1;
      return documents.send(command);
    },
  } as Pick<DynamoDBDocumentClient, 'send'>;
  const deps = { ...createTables(counting, { stateTable: TABLE }), now: Date.now };
  const entriesFrom = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => parked(numberText(first + index)));

  const measured: BacklogGrowth[] = [];
  let there = 0;
  for (const size of sizes) {
    await fillBacklog(there, size, { ...LANE, url: emulator.told, table: TABLE, entryOf: parked });
    there = size;
    const times = { park: [] as number[], read: [] as number[], remove: [] as number[] };
    for (let time = -WARM_UP; time < TIMES; time++) {
      if (time === 0) calls = 0;
      const begun = performance.now();
      await putEntries(LANE.subscription, LANE.lane, entriesFrom(there, TEN), deps);
      const parkedAt = performance.now();
      await firstEntries(LANE.subscription, LANE.lane, TEN, deps);
      const readAt = performance.now();
      // Those at the end, so that the backlog keeps its size.
      await removeEntries(LANE.subscription, LANE.lane, entriesFrom(there, TEN), deps);
      const removedAt = performance.now();
      if (time < 0) continue;
      times.park.push(parkedAt - begun);
      times.read.push(readAt - parkedAt);
      times.remove.push(removedAt - readAt);
    }
    measured.push({
      entries: size,
      parkMs: median(times.park),
      readMs: median(times.read),
      removeMs: median(times.remove),
      calls: calls / TIMES,
    });
  }
  emulator.close();
  dynamodb.destroy();
  return measured;
}

const numberText = (number: number): string => String(number).padStart(NUMBER_LENGTH, '0');

const parked = (number: string) =>
  entryOf(
    {
      body: BODY,
      sequence: number,
      delivery: {
        subscription: LANE.subscription,
        messageId: `growth-${number}`,
        contentType: 'application/json',
        headers: {},
        publishedAt: 0,
        attempt: 1,
        sends: 0,
      },
    },
    0,
  );
