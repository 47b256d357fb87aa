// What the page says while it waits, without rights, and when nothing answers.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from '#lib/local/aws/listen.ts';
import type { PageServer } from '#lib/page/server.ts';
import { expectGoodView, openTab, startBrowser, type Tab } from '#test/support/browser.ts';
import { servePage } from '#test/support/page-world.ts';

/** An AWS that lets every request wait, and then denies it. */
const waiting: ServerResponse[] = [];
let aws: { url: string; close(): Promise<void> };
let page: PageServer;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  const server: Server = createServer((req, res) => {
    req.resume().on('end', () => waiting.push(res));
  });
  aws = await listen(server, 0);
  page = await servePage({ stage: 'local', endpointUrl: aws.url });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await page?.close();
  await aws?.close();
});

function denyAll(): void {
  for (const res of waiting.splice(0)) {
    res.writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' });
    res.end(
      JSON.stringify({ __type: 'AccessDeniedException', message: 'You may not lambda:InvokeFunction.' }),
    );
  }
}

test('while it waits it says what it reads; without rights it says which one is missing', async () => {
  tab = await openTab(browser, page.address);
  await tab.page.getByRole('status').getByText('Reading the state of all subscriptions').waitFor();
  await expectGoodView(tab.page, 'state-loading');
  await expect.poll(() => waiting.length).toBeGreaterThan(0);
  const denied = tab.page
    .getByRole('alert')
    .getByText(/The AWS credentials may not do this .*lambda:InvokeFunction/);
  await expect
    .poll(async () => {
      denyAll();
      return await denied.count();
    })
    .toBe(1);
  await expectGoodView(tab.page, 'state-no-rights');
});

test('when the deployment does not answer, and when the server of the page is gone, it says so', async () => {
  await aws.close();
  await tab.page.getByRole('button', { name: 'Try again' }).first().click();
  await tab.page
    .getByRole('alert')
    .getByText(/Nothing answers on .*ECONNREFUSED/)
    .waitFor();
  await page.close();
  await tab.page.getByRole('button', { name: 'Try again' }).first().click();
  await tab.page.getByRole('alert').getByText('The server of this page does not answer').waitFor();
});
