// The check of open requests can fail: also where a request is answered at once.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createCaps } from '#test/faults/caps.ts';
import { VERSION_HEADER } from '#test/faults/item.ts';
import type { Received } from '#test/faults/receiver.ts';

const request = (id: string, { version = 0, cap = 1, ...more }: Partial<Received & Item> = {}): Received => ({
  subscription: 's',
  headers: new Map([
    ['webhook-id', id],
    [VERSION_HEADER, `${version} at-least-once ${cap}`],
  ]),
  body: Buffer.alloc(0),
  at: 0,
  isWhole: true,
  ...more,
});
type Item = { readonly version: number; readonly cap: number };

/** The number of breaches when the last request arrives beside the others. `meanwhile` is called in the same moment. */
async function breachesOf(
  open: readonly Received[],
  meanwhile = () => {},
  isUnlocked?: (request: Received) => boolean,
): Promise<number> {
  const caps = createCaps(isUnlocked);
  const [last] = open.slice(-1);
  if (last === undefined) throw new Error('no request');
  caps.watch(last, open);
  meanwhile();
  for (let turns = 0; turns < 3; turns++) await setImmediate();
  return caps.breaches.length;
}

test('two open requests are one too many for a cap of one', async () => {
  expect(await breachesOf([request('m1')])).toBe(0);
  expect(await breachesOf([request('m1'), request('m2')])).toBe(1);
});

test('a request that is answered at once counts beside one that is open', async () => {
  const second = request('m2');
  const answer = () => {
    second.endedAt = 1;
  };
  expect(await breachesOf([request('m1'), second], answer)).toBe(1);
});

test('an older connection whose end is told of in the same moment does not count', async () => {
  const first = request('m1');
  const end = () => {
    first.endedAt = 1;
  };
  expect(await breachesOf([first, request('m2')], end)).toBe(0);
});

test('requests of an older item count by the larger cap of the two', async () => {
  const older = [request('m1', { cap: 2 }), request('m2', { cap: 2 })];
  expect(await breachesOf([...older, request('m3', { version: 1, cap: 1 })])).toBe(1);
  expect(await breachesOf([older[0] ?? request('m1'), request('m3', { version: 1, cap: 1 })])).toBe(0);
});

test('a request whose lock has ended does not count beside the next holder of its lane', async () => {
  const [first, second] = [request('m1'), request('m2')];
  expect(await breachesOf([first, second], undefined, (one) => one === first)).toBe(0);
  expect(await breachesOf([first, second], undefined, (one) => one === second)).toBe(1);
});
