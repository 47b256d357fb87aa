// The first minutes of a newcomer, as the README says them: `npm start`, a callback that refuses, and the page that shows why.
// With PICTURES=docs it makes the README's two pictures.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectGoodView, openTab, startBrowser, type Tab } from '#test/support/browser.ts';
import { type PageProcess, startPageProcess } from '#test/support/page-process.ts';

let started: PageProcess;
let browser: Browser;
let tab: Tab;
let page: Page;
beforeAll(async () => {
  [started, browser] = await Promise.all([
    startPageProcess(['lib/local/start.ts'], {
      env: { PORT: '0', RECEIVER_PORT: '0', PAGE_PORT: '0' },
      ready: /Ctrl-C ends it/,
    }),
    startBrowser(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await started?.end();
});

const portOf = (text: RegExp): string => String(text.exec(started.output())?.[1]);
const picture = async (name: string): Promise<void> => {
  const folder = process.env.PICTURES;
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
};

/** The first three commands of the README's section on dead letters, with the ports of this set. */
function readmeCommands(): string {
  const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```sh\n(.*?)```/gs)];
  const commands = blocks.find(([text]) => text.includes('dead-letters list sample-dlq'))?.[1] ?? '';
  return commands
    .split('\n')
    .slice(0, 3)
    .join('\n')
    .replaceAll('127.0.0.1:4566', `127.0.0.1:${portOf(/answer on http:\/\/127\.0\.0\.1:(\d+)/)}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${portOf(/Callbacks go to http:\/\/127\.0\.0\.1:(\d+)/)}`);
}

test('the commands of the README make a failing delivery, and the overview shows it', async () => {
  const { status, stderr } = spawnSync('sh', ['-euc', readmeCommands()], { encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  tab = await openTab(browser, started.address, { viewport: { width: 1100, height: 640 } });
  page = tab.page;
  await page.getByRole('link', { name: 'acme-returns' }).waitFor();
  await page.getByRole('button', { name: '15m' }).click();
  const sums = page.getByText(/In the last 15m: \d+ delivered, [1-9]\d* not\./);
  await sums.waitFor();
  await picture('page-overview');
  await expectGoodView(page, 'first-overview');
});

test('its page says which attempt failed, why, and what followed', async () => {
  await page.getByRole('link', { name: 'acme-returns' }).click();
  const row = page.getByRole('row').filter({ hasText: 'rejected' }).first();
  await row.getByRole('cell', { name: '400', exact: true }).waitFor();
  await row.getByText('dead-letter').waitFor();
  await page.getByRole('button', { name: '15m' }).click();
  await row.waitFor();
  await picture('page-subscription');
  await expectGoodView(page, 'first-subscription');
  await row.getByRole('link').click();
});

test('the message has its whole way, and leads to its dead letter', async () => {
  const way = page.getByRole('listitem');
  for (const step of ['routed', 'rejected', 'bridged'])
    await way.getByText(step, { exact: true }).first().waitFor();
  await page.getByText('Its dead letter is at the endpoint').waitFor();
  await expectGoodView(page, 'first-message');
  await page.getByRole('link', { name: 'Redrive it' }).click();
  await page.getByRole('row').filter({ hasText: 'acme-returns' }).getByText('rejected').first().waitFor();
  expect(tab.wrong).toEqual([]);
  await tab.close();
});
