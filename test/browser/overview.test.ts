// The overview in a real browser, on a set with real traffic: what works, what fails, and thousands of rows.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectGoodView, openTab, startBrowser, type Tab } from '#test/support/browser.ts';
import { type PageWorld, startPageWorld } from '#test/support/page-world.ts';

let world: PageWorld;
let browser: Browser;
let tab: Tab;
beforeAll(async () => {
  [world, browser] = await Promise.all([startPageWorld(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const rowOf = (id: string) =>
  tab.page.getByRole('row').filter({ has: tab.page.getByRole('link', { name: id, exact: true }) });

test('without subscriptions it says how to register one', async () => {
  tab = await openTab(browser, world.server.address);
  await tab.page.getByText('There are no subscriptions yet').waitFor();
  await expectGoodView(tab.page, 'overview-empty');
  expect(tab.wrong).toEqual([]);
  await tab.close();
});

test('the token leaves the address, stays for a reload and another tab, and without it the page says what to do', async () => {
  tab = await openTab(browser, world.server.address);
  await tab.page.getByText('There are no subscriptions yet').waitFor();
  expect(tab.page.url()).toBe(`${world.server.url}/`);
  await tab.page.reload();
  await tab.page.getByText('There are no subscriptions yet').waitFor();
  const other = await tab.page.context().newPage();
  await other.goto(`${world.server.url}/`);
  await other.getByText('There are no subscriptions yet').waitFor();
  await tab.close();

  const without = await openTab(browser, `${world.server.url}/`);
  await without.page.getByRole('alert').getByText('This address has no token').waitFor();
  await without.close();
  const wrong = await openTab(browser, `${world.server.url}/#token=wrong`);
  await wrong.page.getByRole('alert').getByText('The token is missing or another one').waitFor();
  await expectGoodView(wrong.page, 'overview-no-rights');
  await wrong.close();
});

test('each subscription has its state, reason, backlog and held messages; filter, search and sort work', async () => {
  await world.subscribe('healthy');
  await world.subscribe('down', { qos: 'at-least-once' });
  await world.subscribe('refuses');
  await world.subscribe('once', { qos: 'at-most-once' });
  world.receiver.answer('/down', [], { status: 503 });
  world.receiver.answer('/refuses', [], { status: 410 });
  world.receiver.answer('/once', [], { status: 500 });
  for (const id of ['healthy', 'down', 'refuses']) await world.publish(id, 3);
  // Each probe of its outage would hold one more.
  await world.publish('once', 1);
  await world.receiver.requests('/healthy', 3, 60_000);
  tab = await openTab(browser, world.server.address);
  const { page } = tab;
  await rowOf('down').getByText('outage', { exact: true }).first().waitFor();
  await rowOf('refuses').getByText('stopped').waitFor();
  await rowOf('refuses').getByText('the callback answered 410').waitFor();
  await rowOf('healthy').getByText('going').waitFor();
  await rowOf('once').getByRole('cell').filter({ hasText: /^1$/ }).waitFor();
  // Those that need somebody come first.
  expect(await page.getByRole('row').nth(1).getByRole('link').innerText()).toBe('refuses');

  await page.getByRole('button', { name: /going/ }).click();
  await expect.poll(() => page.getByRole('row').count()).toBe(2);
  expect(new URL(page.url()).searchParams.get('state')).toBe('going');
  await page.getByRole('button', { name: /going/ }).click();
  await page.getByRole('searchbox').fill('answered 410');
  await expect.poll(() => page.getByRole('row').count()).toBe(2);
  await rowOf('refuses').waitFor();
  await page.getByRole('searchbox').fill('nothing like this');
  await page.getByText('No subscription matches').waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('button', { name: 'Subscription', exact: true }).click();
  await expect.poll(() => page.getByRole('row').nth(1).getByRole('link').innerText()).toBe('down');
  await expectGoodView(page, 'overview');
  expect(tab.wrong).toEqual([]);
});

test('the keyboard alone opens a subscription, and the focus goes to its title', async () => {
  const { page } = tab;
  await page.getByRole('searchbox').focus();
  const link = rowOf('healthy').getByRole('link');
  while (!(await link.evaluate((one) => one === document.activeElement))) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const title = page.getByRole('heading', { level: 1, name: 'healthy' });
  await title.waitFor();
  await expect.poll(() => title.evaluate((one) => one === document.activeElement)).toBe(true);
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  expect(tab.wrong).toEqual([]);
  await tab.close();
});

test('of three thousand subscriptions fifty rows are drawn, and the search finds any', async () => {
  const ids = Array.from({ length: 3_000 }, (_, index) => `many-${String(index).padStart(4, '0')}`);
  for (let start = 0; start < ids.length; start += 100)
    await Promise.all(ids.slice(start, start + 100).map((id) => world.subscribe(id)));
  tab = await openTab(browser, world.server.address);
  const { page } = tab;
  await page.getByText('1 to 50 of 3,004').waitFor();
  expect(await page.getByRole('row').count()).toBe(51);
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.getByText('51 to 100 of 3,004').waitFor();
  await page.getByRole('searchbox').fill('many-2999');
  await rowOf('many-2999').waitFor();
  expect(await page.getByRole('row').count()).toBe(2);
  expect(tab.wrong).toEqual([]);
  await tab.close();
});
