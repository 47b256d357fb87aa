// Publishing, the way of a message, attempts, and dead letters with their redrive, in a real browser.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectGoodView, openTab, startBrowser, type Tab } from '#test/support/browser.ts';
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

const open = (path: string, parameters: Record<string, string> = {}) =>
  page.goto(`${world.server.url}${path}?${new URLSearchParams(parameters)}`);
const button = (name: string | RegExp) => page.getByRole('button', { name });
const HOSTILE = '<img src=x onerror=alert(1)>\u202E';
const SHOWN = '<img src=x onerror=alert(1)>⟨U+202E⟩';

test('a message is published, and the page shows where it went', async () => {
  await world.subscribe('buyer', { topic: 'orders' });
  await world.subscribe('picky', { topic: 'orders', dlq: { endpoint: 'sample-dlq' } });
  world.receiver.answer('/picky', [], { status: 422, body: `no ${HOSTILE}` });
  await open('/publish');
  await button('Publish 1 message').click();
  await page.getByRole('alert').getByText('Name the receiver with --topic or --subscription').waitFor();
  await page.getByLabel('Topic').fill('orders');
  await page.getByLabel('Id', { exact: true }).fill('first');
  await page.getByLabel('Body').fill('{"order": 7}');
  await page.getByLabel('Headers').fill('x-tenant: acme');
  await button('Publish 1 message').click();
  await page.getByRole('status').getByText('Published with the id first.').waitFor();
  const [request] = await world.receiver.requests('/buyer', 1, 60_000);
  expect(request?.body.toString()).toBe('{"order": 7}');
  expect(request?.headers['x-tenant']).toBe('acme');
  const ends = page.getByRole('listitem');
  await ends.filter({ hasText: 'buyer' }).getByText('It was delivered.').waitFor();
  await ends.filter({ hasText: 'picky' }).getByText('Its dead letter is at the endpoint').waitFor();
  await expectGoodView(page, 'publish');
  expect(tab.wrong).toEqual([]);
});

test('a message has its timeline, found by its id', async () => {
  await open('/message');
  await page.getByText('Give the webhook-id of a message').waitFor();
  await page.getByRole('searchbox').fill('first');
  await button('Find').click();
  await page.getByRole('heading', { level: 1, name: 'first' }).waitFor();
  const way = page.getByRole('listitem');
  for (const step of ['routed', 'delivered', 'rejected', 'dead-letter', 'bridged'])
    await way.getByText(step, { exact: true }).first().waitFor();
  await way.getByText(/attempt 1: 422 after \d+ ms; then dead-letter/).waitFor();
  await expectGoodView(page, 'message');
  await page.getByRole('link', { name: 'Redrive it' }).click();
  await expect
    .poll(() => new URL(page.url()).search)
    .toBe('?endpoint=sample-dlq&subscription=picky&id=first');
  await page.getByRole('row').filter({ hasText: 'picky' }).getByText('rejected').waitFor();
  await open('/message', { id: 'never-published' });
  await page.getByText('No step of this message is in the logs yet').waitFor();
  expect(tab.wrong).toEqual([]);
});

test('attempts show up as they come, with their plots', async () => {
  await open('/subscription', { id: 'picky' });
  const rows = page.getByRole('row').filter({ hasText: 'rejected' });
  await expect.poll(() => rows.count()).toBe(1);
  await rows.getByText('422').waitFor();
  await world.set.publish('{"order": 8}', { topic: 'orders', id: 'second' });
  await rows.filter({ hasText: 'second' }).waitFor();
  await page.getByRole('img', { name: 'Attempts' }).waitFor();
  await page.getByText('Attempts in numbers').click();
  await page
    .getByRole('listitem')
    .getByText(/delivered 0, not delivered [12]/)
    .first()
    .waitFor();
  await page.getByLabel('Outcome').selectOption('delivered');
  await page.getByText('No attempt with the outcome delivered').waitFor();
  await page.getByLabel('Outcome').selectOption('rejected');
  await rows.first().waitFor();
  await expectGoodView(page, 'subscription-attempts');
  expect(tab.wrong).toEqual([]);
});

test('dead letters are listed with their reason and the answer, filtered, and redriven after a dry run', async () => {
  await world.subscribe('other', { dlq: { endpoint: 'sample-dlq' } });
  world.receiver.answer('/other', [{ status: 410 }], { status: 200 });
  await world.publish('other', 1);
  await world.receiver.requests('/other', 1, 60_000);
  for (const id of ['second', 'other-1']) {
    await open('/message', { id });
    await page.getByText('Its dead letter is at the endpoint').waitFor();
  }
  await open('/dead-letters');
  const rows = page.getByRole('row');
  await expect.poll(() => rows.count(), { timeout: 60_000 }).toBe(4);
  await rows.filter({ hasText: 'picky' }).first().getByText(`no ${SHOWN}`).waitFor();
  expect(await page.locator('img').count()).toBe(0);
  await expectGoodView(page, 'dead-letters');

  await page.getByLabel('Status').fill('410');
  await button('Filter').click();
  await expect.poll(() => rows.count(), { timeout: 60_000 }).toBe(2);
  await rows.filter({ hasText: 'other' }).waitFor();
  expect(new URL(page.url()).searchParams.get('status')).toBe('410');
  await button('Redrive: dry run').click();
  await page.getByText(/^1 of \d dead letters?$/).waitFor();
  expect(world.receiver.received('/other')).toHaveLength(1);
  await expectGoodView(page, 'dead-letters-plan');
  await button('Send 1 again…').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('1 dead letter of the endpoint sample-dlq is delivered again').waitFor();
  await dialog.getByRole('button', { name: 'Send 1 dead letter' }).click();
  await page
    .getByRole('status')
    .getByText(/^1 of \d dead letters were sent again\./)
    .waitFor();
  const [, again] = await world.receiver.requests('/other', 2, 60_000);
  expect(again?.headers['webhook-id']).toBe('other-1');
  await page.getByText(/None of|There is no dead letter/).waitFor();
  expect(tab.wrong).toEqual([]);
});

test('undeliverable is an endpoint too, and an empty one says so', async () => {
  await open('/dead-letters', { endpoint: 'undeliverable' });
  await page.getByText('There is no dead letter at this endpoint.').waitFor();
  await expectGoodView(page, 'dead-letters-empty');
  expect(tab.wrong).toEqual([]);
});

test('an unknown address is a sentence', async () => {
  await open('/message', { id: 'x' });
  await page.evaluate(() => history.replaceState(null, '', '/nowhere'));
  const answer = await page.reload();
  expect(answer?.status()).toBe(404);
});
