// Publishing, the way of a message, attempts, and dead letters with their redrive, in a real browser.
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

const open = (path: string, parameters: Record<string, string> = {}) =>
  page.goto(`${world.server.url}${path}?${new URLSearchParams(parameters)}`);
const button = (name: string | RegExp) => page.getByRole('button', { name });
const HOSTILE = '<img src=x onerror=alert(1)>\u202E';
const SHOWN = '<img src=x onerror=alert(1)>⟨U+202E⟩';

test('a message is published, and the page shows where it went', async () => {
  await world.subscribe('buyer', { topic: 'orders' });
  await world.subscribe('picky', { topic: 'orders', dlq: { endpoint: 'sample-dlq' } });
  world.receiver.answer('/picky', [], { status: 422, body: `no ${HOSTILE}` });
  await world.subscribe('keyed', { topic: 'orders', filter: { key: ['customer-7'] } });
  await open('/publish');
  await button('Publish 1 message').click();
  await page.getByRole('alert').getByText('Name the receiver with --topic or --subscription').waitFor();
  await page.getByLabel('Topic').fill('orders');
  await page.getByLabel('Id', { exact: true }).fill('first');
  await page.getByLabel('Body').fill('{"order": 7}');
  await page.getByLabel('Headers').fill('x-tenant: acme');
  await page.getByLabel('Key').fill('customer-7');
  await button('Publish 1 message').click();
  await page.getByRole('status').getByText('Published with the id first.').waitFor();
  const [request] = await world.receiver.requests('/buyer', 1, 60_000);
  expect(request?.body.toString()).toBe('{"order": 7}');
  expect(request?.headers['x-tenant']).toBe('acme');
  await world.receiver.requests('/keyed', 1, 60_000);
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
  await rows.getByRole('cell', { name: '422', exact: true }).waitFor();
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

test('a redrive of several calls shows its progress, stops when asked to, and the next one sends the rest', async () => {
  const COUNT = 25;
  const requests = () => world.receiver.received('/bulk');
  await world.subscribe('bulk', { dlq: { endpoint: 'sample-dlq' } });
  const gone = Array.from({ length: COUNT }, () => ({ status: 400 }));
  world.receiver.answer('/bulk', gone, { status: 200 });
  await world.publish('bulk', COUNT);
  await world.receiver.requests('/bulk', COUNT, 120_000);
  await open('/message', { id: `bulk-${COUNT}` });
  await page.getByText('Its dead letter is at the endpoint').waitFor();
  const dryRun = async (matched: number) => {
    await open('/dead-letters', { endpoint: 'sample-dlq', subscription: 'bulk' });
    await page.getByRole('row').nth(1).waitFor();
    await expect
      .poll(
        async () => {
          await button('Redrive: dry run').click();
          return page.getByText(/^\d+ of \d+ dead letters?$/).innerText();
        },
        { timeout: 60_000 },
      )
      .toMatch(new RegExp(`^${matched} of `));
  };
  const send = async (matched: number) => {
    await button(`Send ${matched} again…`).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: `Send ${matched} dead letter` })
      .click();
  };

  // One a second: a call of ten seconds sends about ten.
  await dryRun(COUNT);
  await page.getByLabel('At most, per second').fill('1');
  await send(COUNT);
  const bar = page.getByRole('status').filter({ hasText: 'Sending again' });
  await bar.getByText(/: \d+ of \d+ · .*\d+ sent, 1\/s, about \d+ s left/).waitFor({ timeout: 60_000 });
  await expectGoodView(page, 'dead-letters-redrive');
  await button('Stop').click();
  await page.getByRole('alert').getByText('What was sent stays sent').waitFor();
  await bar.waitFor({ state: 'detached' });

  // The call that was running ends; no other follows. The rest is as before, and no letter is sent twice.
  await expect.poll(() => requests().length - COUNT, { timeout: 60_000 }).toBeGreaterThanOrEqual(10);
  const left = async () => {
    const answer = await webhooks(
      ['dead-letters', 'list', 'sample-dlq', '--subscription', 'bulk', '--json', '--limit', '100'],
      { endpointUrl: world.set.url },
    );
    return JSON.parse(answer.stdout).letters.length;
  };
  await expect.poll(async () => (await left()) + requests().length - COUNT, { timeout: 60_000 }).toBe(COUNT);
  const rest = await left();
  expect(rest).toBeGreaterThan(0);
  await dryRun(rest);
  await send(rest);
  await page
    .getByRole('status')
    .getByText(new RegExp(`^${rest} of \\d+ dead letters were sent again`))
    .waitFor({ timeout: 60_000 });
  const all = await world.receiver.requests('/bulk', 2 * COUNT, 60_000);
  const ids = all.slice(COUNT).map(({ headers }) => headers['webhook-id']);
  expect(new Set(ids).size).toBe(COUNT);
  expect(all).toHaveLength(2 * COUNT);
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
