import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { change } from '#lib/state/change.ts';
import { laneClosed } from '#lib/state/lanes.ts';
import { askedToPause, itemWrong } from '#lib/state/machine.ts';
import { NO_STATE, type State } from '#lib/state/state.ts';
import { readState } from '#lib/state/state-item.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';

test('two lanes change one state in parallel: an answer that arrives late does not overwrite the newer one', async () => {
  const memory = createMemoryDocuments();
  const first = Promise.withResolvers<void>();
  let puts = 0;
  const send = async (command: object) => {
    const answer = await memory.documents.send(command as never);
    if (command.constructor.name === 'PutCommand' && ++puts === 1) await first.promise;
    return answer;
  };
  const documents = { send } as Pick<DynamoDBDocumentClient, 'send'>;
  const deps = { ...tablesOver(documents), announce: async () => {} };
  const registration = { id: 'acme', config: { kind: 'absent' }, state: NO_STATE };
  const slow = change(registration, (state) => laneClosed(state, 1, 0), deps);
  await change(registration, (state) => askedToPause(state, '', 'h', 0), deps);
  expect(registration.state).toMatchObject({ version: 2, pause: { reason: 'manual' }, lanes: { 1: {} } });
  first.resolve();
  expect(await slow).toBe(true);
  expect(registration.state).toMatchObject({ version: 2, pause: { reason: 'manual' } });
});

test('twenty lanes that close at the same time are all closed', async () => {
  const memory = createMemoryDocuments();
  const deps = { ...tablesOver(memory.documents), announce: async () => {} };
  const lanes = Array.from({ length: 20 }, (_, lane) => lane);
  await Promise.all(
    lanes.map((lane) => change({ id: 'acme', state: NO_STATE }, (state) => laneClosed(state, lane, 0), deps)),
  );
  const { lanes: closed } = await readState('acme', deps);
  expect(Object.keys(closed).map(Number)).toEqual(lanes);
});

test('a change after a lost race is announced against the state that it replaced', async () => {
  const memory = createMemoryDocuments();
  const announced: (string | undefined)[][] = [];
  const deps = {
    ...tablesOver(memory.documents),
    announce: async (_: string, before: State, after: State) => {
      announced.push([before.pause?.detail, after.pause?.detail]);
    },
  };
  const [one, other] = [
    { id: 'acme', state: NO_STATE },
    { id: 'acme', state: NO_STATE },
  ];
  const noted = (detail: string) => (state: State) =>
    state.pause?.detail === detail ? undefined : itemWrong(state, { detail, itemHash: detail }, 0);
  await change(one, noted('first'), deps);
  await change(other, noted('second'), deps);
  expect(announced).toEqual([
    [undefined, 'first'],
    ['first', 'second'],
  ]);
});
