// `webhooks page` on a deployed stage, in a real browser: what it reads, and one action of each kind.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openTab, startBrowser, type Tab } from '#test/support/browser.ts';
import { STAGE } from '#test/support/deploy-once.ts';
import { type Deployed, lookAtStage } from '#test/support/deployed.ts';
import { REGION, ROOT } from '#test/support/ministack.ts';
import { type PageProcess, startPageProcess } from '#test/support/page-process.ts';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';

const endpointUrl = inject('endpointUrl');
const WITHIN_MS = 120_000;

let stage: Deployed;
let receiver: Receiver;
let browser: Browser;
let started: PageProcess;
let tab: Tab;
let page: Page;
beforeAll(async () => {
  [stage, receiver, browser, started] = await Promise.all([
    lookAtStage(endpointUrl, STAGE),
    startReceiver(),
    startBrowser(),
    startPageProcess(['lib/cli/webhooks.ts', 'page', '--stage', STAGE], {
      env: {
        AWS_ENDPOINT_URL: endpointUrl,
        AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
        AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
        AWS_REGION: REGION,
      },
    }),
  ]);
  tab = await openTab(browser, started.address);
  page = tab.page;
  page.setDefaultTimeout(WITHIN_MS);
});
afterAll(async () => {
  await browser?.close();
  expect(await started?.end()).toBe(0);
  await receiver?.close();
});

const open = (path: string, parameters: Record<string, string> = {}) =>
  page.goto(`${started.url}${path}?${new URLSearchParams(parameters)}`);
const button = (name: string) => page.getByRole('button', { name });

test('a subscription is registered, gets a published message, and the page shows its way', async () => {
  await open('/subscription', { new: '1' });
  await page.getByLabel('Item, in JSON or YAML').fill(
    JSON.stringify({
      id: 'seen',
      topic: 'seen',
      qos: 'at-least-once',
      configuration: { callbackUrl: `${receiver.url}/seen` },
    }),
  );
  await button('Check and show the changes').click();
  await button('Register 1 subscription').click();
  await page.getByRole('heading', { level: 1, name: 'seen' }).waitFor();

  await open('/publish');
  await page.getByLabel('Topic').fill('seen');
  await page.getByLabel('Id', { exact: true }).fill('seen-1');
  await button('Publish 1 message').click();
  await receiver.requests('/seen', 1, WITHIN_MS);
  await page
    .getByRole('listitem')
    .filter({ hasText: 'seen' })
    .getByText('It was delivered.')
    .first()
    .waitFor();

  await open('/subscription', { id: 'seen' });
  await page.getByRole('row').filter({ hasText: 'seen-1' }).getByText('delivered').waitFor();
  await open('/');
  await page.getByRole('link', { name: 'seen', exact: true }).waitFor();
  await page.getByText(/\d+ delivered, \d+ not\./).waitFor();
  expect(tab.wrong).toEqual([]);
});

test('a pause, a waiting message and a resume', async () => {
  await open('/subscription', { id: 'seen', tab: 'backlog' });
  await button('Pause…').click();
  await button('Pause 1 subscription').click();
  await page.getByText('It is paused (manual)').first().waitFor();
  expect(await stage.pauseOf('seen')).toMatchObject({ reason: 'manual' });
  await stage.publish('2', { topic: 'seen', id: 'seen-2', group: 'seen' });
  await page.getByText('1 message wait').waitFor();
  await button('Resume').click();
  const requests = await receiver.requests('/seen', 2, WITHIN_MS);
  expect(requests[1]?.headers['webhook-id']).toBe('seen-2');
  await open('/dead-letters', { endpoint: 'undeliverable' });
  await page
    .getByText(/There is no dead letter|dead letters?\b.*invisible/)
    .first()
    .waitFor();
  expect(tab.wrong).toEqual([]);
});
