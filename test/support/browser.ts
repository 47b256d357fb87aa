// Chromium for the tests of the page. A test fails by itself if the page logs an error, breaks its own security policy or
// asks another host.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** The width of a desktop's window and of a phone. */
export const WIDTHS = { desktop: 1280, phone: 390 } as const;

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

function browserPath(): string {
  for (const name of NAMES) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error(`No browser was found (${NAMES.join(', ')}): apt-get install chromium.`);
}

/** Starts the browser. As root, as in a container, it has no sandbox; it opens nothing but the page. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: browserPath(),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });

export type Tab = {
  readonly page: Page;
  /** The faults of the page until now: errors, violations of its security policy, requests to other hosts. */
  readonly wrong: readonly string[];
  close(): Promise<void>;
};

/** The views at both widths, light and dark, as files in the folder SCREENSHOTS, for somebody who looks at them. */
async function screenshots(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder === undefined) return;
  const size = page.viewportSize();
  for (const [width, pixels] of Object.entries(WIDTHS)) {
    await page.setViewportSize({ width: pixels, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (size !== null) await page.setViewportSize(size);
}

/** Expects the view to be right for everybody: nothing for axe-core to find in light and dark, at both widths. */
export async function expectGoodView(page: Page, name: string): Promise<void> {
  const size = page.viewportSize();
  for (const [width, colorScheme] of [
    [WIDTHS.desktop, 'light'],
    [WIDTHS.phone, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  }
  await page.emulateMedia({ colorScheme: null });
  if (size !== null) await page.setViewportSize(size);
  await screenshots(page, name);
}

/** Opens the address in a new profile of the browser. */
export async function openTab(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width: WIDTHS.desktop, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...options,
  });
  // A busy machine takes long for a delivery.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const wrong: string[] = [];
  const { origin } = new URL(address);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) wrong.push(`asked ${request.url()}`);
  });
  await page.goto(address);
  return { page, wrong, close: () => context.close() };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Violation = { readonly id: string; readonly impact: string; readonly nodes: readonly string[] };

/** Expects that axe-core finds nothing serious or critical on the page as it is now. */
async function expectAccessible(page: Page): Promise<void> {
  // `evaluate` runs outside of the page's security policy, which forbids scripts like this one.
  const found = await page.evaluate(async (source): Promise<Violation[]> => {
    const run = new Function(`${source}; return axe;`) as () => {
      run(): Promise<{
        violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
      }>;
    };
    const { violations } = await run().run();
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`),
    }));
  }, axe);
  expect(found.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
}

/** Expects that nothing is wider than the window: a phone would have to scroll sideways. */
async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(over).toBe(0);
}
