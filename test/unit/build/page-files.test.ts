// The page's files: small, and all that the document names is there.
import { expect, test } from 'vitest';
import { pageAssets } from '#lib/build/page-files.ts';

/** Of the script and the style sheet, before compression. */
const MOST_BYTES = 100_000;

test('the document loads its own files only, and they stay small', async () => {
  const assets = await pageAssets();
  const document = String(assets.get('/')?.body);
  const named = [...document.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(named).toHaveLength(3);
  for (const path of named) expect(assets.has(path)).toBe(true);
  expect(document).not.toMatch(/<script(?![^>]* src=)|<style| on\w+=/);
  const bytes = named.reduce((sum, path) => sum + (assets.get(path)?.body.length ?? 0), 0);
  expect(bytes).toBeLessThan(MOST_BYTES);
});
