// A jump of the clock ends the functions that would be older than their timeout, and no others.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { jumpSoundly, TIMEOUTS_MS } from '#test/faults/jump.ts';
import type { Receivers } from '#test/faults/receiver.ts';
import type { Stage } from '#test/faults/stage.ts';
import { parameterDefaults } from '#test/support/parameter-defaults.ts';

test('the timeouts are those of serverless.yml', () => {
  const template = readFileSync('serverless.yml', 'utf8');
  const defaults = parameterDefaults();
  const found = [...template.matchAll(/^ {2}(\w+):\n {4}handler:[\s\S]*?\n {4}timeout: (\S+)$/gm)];
  const seconds = found.map(([, name, timeout = '']) => {
    const [, parameter] = /^\$\{param:(\w+)\}$/.exec(timeout) ?? [];
    return [name, 1_000 * Number(parameter === undefined ? timeout : defaults.get(parameter))];
  });
  expect(Object.fromEntries(seconds)).toEqual(TIMEOUTS_MS);
});

async function killedBy(ms: number, names: readonly string[]): Promise<readonly string[]> {
  const killed: string[] = [];
  let running = names.map((name) => ({ function: `webhooks-local-${name}`, startedAt: Date.now() }));
  const functions = {
    running: () => running,
    kill(name: string) {
      killed.push(name);
      running = running.filter((one) => !one.function.endsWith(`-${name}`));
    },
  };
  const stage = { set: { functions }, jump() {}, jumps: [], store: { async expire() {} } };
  await jumpSoundly(ms, stage as unknown as Stage, { open: () => 0 } as Receivers);
  return killed;
}

test.each([
  [30_000, []],
  [45_000, ['route']],
  [58_000, ['route', 'resume']],
  [70_000, ['route', 'deliver', 'resume']],
])('%i ms: %j end', async (ms, killed) => {
  expect(await killedBy(ms, ['route', 'deliver', 'resume', 'redrive'])).toEqual(killed);
});
