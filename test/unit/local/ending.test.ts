import { expect, test } from 'vitest';
import { createManualClock } from '#lib/local/aws/clock.ts';
import { createEnding } from '#lib/local/ending.ts';

function scene() {
  const clock = createManualClock();
  const closed = Promise.withResolvers<void>();
  const exits: number[] = [];
  const printed: string[] = [];
  const ending = createEnding({
    close: () => closed.promise,
    exit: (code) => exits.push(code),
    print: (line) => printed.push(line),
    clock,
  });
  return { clock, closed, exits, printed, ending };
}

test('the first Ctrl-C closes what is started, then ends with 0', async () => {
  const { closed, exits, printed, ending } = scene();
  expect(ending.begun()).toBe(false);
  const interrupted = ending.interrupt();
  expect(ending.begun()).toBe(true);
  expect(printed.join()).toContain('Press Ctrl-C again to stop now');
  expect(exits).toEqual([]);
  closed.resolve();
  await interrupted;
  expect(exits).toEqual([0]);
});

test('the same Ctrl-C once more, as npm passes it on, ends nothing; a later one ends with 130', async () => {
  const { clock, exits, printed, ending } = scene();
  void ending.interrupt();
  await ending.interrupt();
  clock.advance(500);
  await ending.interrupt();
  expect(exits).toEqual([]);
  expect(printed).toHaveLength(1);
  clock.advance(1);
  await ending.interrupt();
  expect(exits).toEqual([130]);
});
