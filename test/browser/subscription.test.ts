// The page of one subscription in a real browser: every action, seen from the callback and from the command line.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectGoodView, openTab, startBrowser, type Tab } from '#test/support/browser.ts';
import { webhooks } from '#test/support/cli.ts';
import { type PageWorld, startPageWorld } from '#test/support/page-world.ts';

let world: PageWorld;
let browser: Browser;
let tab: Tab;
let page: Page;
beforeAll(async () => {
  [world, browser] = await Promise.all([startPageWorld(), startBrowser()]);
  tab = await openTab(browser, world.server.address);
  page = tab.page;
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const open = (id: string, part = 'backlog') =>
  page.goto(`${world.server.url}/subscription?${new URLSearchParams({ id, tab: part })}`);
const button = (name: string | RegExp) => page.getByRole('button', { name });
const answer = (name: string) => page.getByRole('dialog').getByRole('button', { name }).click();
const json = async (...args: string[]) =>
  JSON.parse((await webhooks([...args, '--json'], { endpointUrl: world.set.url })).stdout);

test('pause asks once and gives the reason, messages wait, the first is skipped or dead-lettered, resume delivers the rest', async () => {
  await world.subscribe('acme', { qos: 'at-least-once', dlq: { endpoint: 'sample-dlq' } });
  await open('acme');
  await page.getByText('It is going.').waitFor();
  await page.getByText('No message waits').waitFor();
  await button('Pause…').click();
  await page.getByRole('dialog').getByText('One subscription is paused').waitFor();
  await page.keyboard.press('Escape');
  expect((await json('status', 'acme')).phase).toBe('going');
  await button('Pause…').click();
  await page.getByLabel('Reason').fill('the receiver \u202Emoves');
  await expectGoodView(page, 'subscription-pause');
  await answer('Pause 1 subscription');
  await page.getByText('It is paused (manual): the receiver ⟨U+202E⟩moves.').waitFor();
  expect((await json('status', 'acme')).phase).toBe('stopped');

  const ids = await world.publish('acme', 5);
  await page.getByText('5 messages wait').waitFor({ timeout: 60_000 });
  await expectGoodView(page, 'subscription-backlog');
  await button('Skip…').click();
  await page.getByRole('dialog').getByText('acme-1').waitFor();
  await answer('Discard 1 message');
  await page.getByRole('status').getByText('It is being done. (message acme-1)').waitFor();
  await page.getByText('4 messages wait').waitFor();
  await button('Dead-letter…').click();
  await answer('Move 1 message');
  await page.getByText('3 messages wait').waitFor();
  await button('Resume').click();
  const delivered = await world.receiver.requests('/acme', 3, 60_000);
  expect(delivered.map(({ headers }) => headers['webhook-id'])).toEqual(ids.slice(2));
  await page.getByText('No message waits').waitFor();
  await button('Check now').click();
  await page.getByRole('status').getByText('It is going.').waitFor();
  expect(tab.wrong).toEqual([]);
});

test('held messages are sent or discarded, and the question says how many', async () => {
  await world.subscribe('once', { qos: 'at-most-once' });
  const broken = { fault: 'reset' } as const;
  world.receiver.answer('/once', [broken, broken, broken]);
  await world.publish('once', 3);
  await open('once', 'held');
  await button('Send all 3…').waitFor({ timeout: 120_000 });
  await expectGoodView(page, 'subscription-held');
  await page.getByRole('checkbox', { name: 'Choose once-2' }).check();
  await button('Send 1 chosen…').click();
  await page.getByRole('dialog').getByText('1 message may have been delivered already').waitFor();
  await answer('Send 1 message');
  const again = await world.receiver.requests('/once', 4, 60_000);
  expect(again[3]?.headers['webhook-id']).toBe('once-2');
  await button('Discard all 2…').click();
  await page.getByRole('dialog').getByText('2 messages will never be delivered').waitFor();
  await answer('Discard 2 messages');
  await page.getByText('No message is held').waitFor();
  expect(tab.wrong).toEqual([]);
});

test('a test call shows the answer, also a bad and a hostile one', async () => {
  await world.subscribe('called');
  world.receiver.answer('/called', [
    { status: 200, body: 'thanks' },
    { status: 418, body: '<img src=x onerror=alert(1)> \u202Eteapot' },
  ]);
  await open('called', 'test');
  await page.getByLabel('Body').fill('{"try":1}');
  await button('Call the callback once').click();
  await page.getByText('delivered', { exact: true }).waitFor();
  const [request] = await world.receiver.requests('/called', 1, 60_000);
  expect(request?.body.toString()).toBe('{"try":1}');
  await button('Call the callback once').click();
  await page.getByText('rejected', { exact: true }).waitFor();
  await page.getByText('<img src=x onerror=alert(1)> ⟨U+202E⟩teapot').waitFor();
  await page.getByRole('alert').waitFor();
  expect(await page.locator('img').count()).toBe(0);
  await expectGoodView(page, 'subscription-test');
  expect(tab.wrong).toEqual([]);
});

test('an item is edited with help, checked as put checks it, and changed after its changes were shown', async () => {
  await world.subscribe('edited', { qos: 'auto' });
  await open('edited', 'item');
  await page.getByText('The item has no fault').waitFor();
  await button('Edit').click();
  const area = page.getByLabel('Item, in JSON or YAML');
  const text = await area.inputValue();
  await area.fill(text.replace('"auto"', '"allways"'));
  await button('Check and show the changes').click();
  await page.getByRole('alert').getByText('qos:').waitFor();
  await area.fill(text.replace('"auto"', '"none"'));
  await area.evaluate((one: HTMLTextAreaElement) =>
    one.setSelectionRange(one.value.indexOf('none'), one.value.indexOf('none')),
  );
  await area.dispatchEvent('keyup');
  await page.getByRole('complementary').getByText('"at-least-once"').first().waitFor();
  await expectGoodView(page, 'subscription-edit');
  await button('Check and show the changes').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('- "qos": "auto"').waitFor();
  await dialog.getByText('+ "qos": "none"').waitFor();
  expect((await json('subscriptions', 'get', 'edited')).qos).toBe('auto');
  await expectGoodView(page, 'subscription-changes');
  await answer('Change 1 subscription');
  await page.getByRole('status').getByText('edited is changed in').waitFor();
  expect((await json('subscriptions', 'get', 'edited')).qos).toBe('none');
  expect(tab.wrong).toEqual([]);
});

test('a change by somebody else in between is not overwritten', async () => {
  await open('edited', 'item');
  await button('Edit').click();
  const area = page.getByLabel('Item, in JSON or YAML');
  await area.fill((await area.inputValue()).replace('"none"', '"auto"'));
  await world.subscribe('edited', { qos: 'at-least-once' });
  await button('Check and show the changes').click();
  await page.getByRole('alert').getByText('was changed meanwhile').waitFor();
  expect((await json('subscriptions', 'get', 'edited')).qos).toBe('at-least-once');
});

test('an item with faults says each with its path', async () => {
  await world.subscribe('wrong', { qos: 'sometimes', configuration: { callbackUrl: 'ftp://x', retry: 7 } });
  await open('wrong', 'item');
  const alert = page.getByRole('alert');
  await alert.getByText('configuration.callbackUrl').waitFor();
  await alert.getByText('configuration.retry').waitFor();
  await alert.getByText('qos', { exact: true }).waitFor();
  await expectGoodView(page, 'subscription-faults');
  expect(tab.wrong).toEqual([]);
});

test('a new subscription is registered', async () => {
  await page.goto(world.server.url);
  await page.getByRole('link', { name: 'New subscription' }).click();
  const area = page.getByLabel('Item, in JSON or YAML');
  await area.fill(
    JSON.stringify({
      id: 'new/one?&#',
      topic: 'new',
      configuration: { callbackUrl: `${world.receiver.url}/new` },
    }),
  );
  await button('Check and show the changes').click();
  await page.getByRole('dialog').getByText('One subscription is added').waitFor();
  await answer('Register 1 subscription');
  await page.getByRole('heading', { level: 1, name: 'new/one?&#' }).waitFor();
  expect((await json('subscriptions', 'get', 'new/one?&#')).topic).toBe('new');
  expect(tab.wrong).toEqual([]);
});

test('a subscription that is not there is a sentence', async () => {
  await open('nobody');
  await page.getByRole('alert').getByText('There is no subscription nobody.').first().waitFor();
});
