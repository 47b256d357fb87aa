// `webhooks doctor` on the set of `npm start`.
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { webhooks } from '#test/support/cli.ts';
import { startSet, type TestSet } from '#test/support/set.ts';

let set: TestSet;
beforeAll(async () => {
  set = await startSet();
});
afterAll(() => set?.close());

const reportSchema = z.object({
  findings: z.array(z.object({ check: z.string(), where: z.string() })),
  notLookedAt: z.array(z.object({ check: z.string(), why: z.string() })),
});

const run = (...args: string[]) => webhooks(['doctor', ...args], { endpointUrl: set.url });

test('it finds nothing, and says what npm start does not have', async () => {
  const { code, stdout } = await run('--json');
  const { findings, notLookedAt } = reportSchema.parse(JSON.parse(stdout));
  expect(findings).toEqual([]);
  expect(code).toBe(0);
  expect(
    notLookedAt.map(({ why }) => why).filter((why) => !/emulated AWS|npm start|not known/.test(why)),
  ).toEqual([]);
  const unseen = new Set(notLookedAt.map(({ check }) => check));
  for (const check of ['subscriptions', 'secrets', 'names', 'endpoints', 'clock', 'undeliverable'])
    expect(unseen).not.toContain(check);
  const { stdout: text } = await run();
  expect(text).toMatch(/^local: nothing was found\. \d+ things were not looked at\.$/m);
});

test('it names what is wrong with an item, and ends with 1', async () => {
  await set.putSubscription({ id: 'wrong', topic: 't', configuration: { callbackUrl: 'ftp://a/' } });
  const { code, stdout, stderr } = await run();
  expect(stdout).toMatch(/^error subscription wrong: Its item is refused: configuration\.callbackUrl/m);
  expect(stderr).not.toBe('');
  expect(code).toBe(1);
});

test.each([
  ['a stage that does not exist', ['--stage', 'local-other'], /There is no stage local-other here/],
  ['an unknown parameter', ['--param', 'lagSecond=3'], /did you mean lagSeconds/],
  ['a parameter without a value', ['--param', 'lagSeconds'], /NAME=VALUE|lagSeconds/],
])('it could not look: %s, and ends with 2', async (_, args, why) => {
  const { code, stdout, stderr } = await run(...args);
  expect(stderr).toMatch(why);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});

test('nothing answers there: it ends with 2', async () => {
  const { code, stderr } = await webhooks(['doctor'], { endpointUrl: 'http://127.0.0.1:9' });
  expect(stderr).toMatch(/AWS answered no question about the stage local: .*ECONNREFUSED/);
  expect(code).toBe(2);
});
