// Which faults of processes count as met: those that found an invocation.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Receivers } from '#test/faults/receiver.ts';
import { createRunning, isAwaited, type ProcessFault } from '#test/faults/running.ts';
import type { Stage } from '#test/faults/stage.ts';

/** The faults that are met of these, one after the other, while these functions run. */
async function metOf(
  faults: readonly ProcessFault[],
  { running = [], pids = [] }: { readonly running?: readonly string[]; readonly pids?: readonly number[] },
): Promise<readonly ProcessFault[]> {
  const functions = {
    running: () =>
      running.map((name) => ({ function: `webhooks-local-${name}`, requestId: name, startedAt: Date.now() })),
    kill: async (killed: string) => running.filter((name) => name === killed).length,
    pids: () => [...pids],
  };
  const stage = { set: { functions } } as unknown as Stage;
  const { carryOut, met } = createRunning({ stage, receivers: { open: () => 1 } as Receivers });
  for (const fault of faults) await carryOut(fault);
  return met;
}

const kill = { do: 'kill', function: 'deliver' } as const;
const freeze = { do: 'freeze', function: 'deliver', forMs: 0 } as const;

test('a kill is met when it ended an invocation of its function', async () => {
  const ofRoute = { ...kill, function: 'route' } as const;
  expect(await metOf([kill, ofRoute], { running: ['deliver'] })).toEqual([kill]);
  expect(await metOf([kill], {})).toEqual([]);
});

test('a kill that waits is met by an invocation that runs', async () => {
  const later = { do: 'kill', function: 'resume', afterMs: 0 } as const;
  expect(await metOf([later], { running: ['resume'] })).toEqual([later]);
});

test('a freeze is met when it stopped a process that runs an invocation', async () => {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  const pids = [child.pid ?? 0];
  expect(await metOf([freeze], { pids })).toEqual([freeze]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await metOf([freeze], { pids })).toEqual([]);
  expect(await metOf([freeze], {})).toEqual([]);
});

test('the faults of functions that run shortly wait for them', () => {
  expect([kill, freeze].map(isAwaited)).toEqual([false, false]);
  const short: readonly ProcessFault[] = [
    { do: 'kill', function: 'resume', afterMs: 20 },
    { do: 'freeze', function: 'bridge', forMs: 100 },
    { do: 'age', function: 'deliver', toMs: 50_000 },
  ];
  expect(short.map(isAwaited)).toEqual([true, true, true]);
});
