// A page names only things that exist: other pages, headings, files, npm scripts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const pages = readdirSync('.').filter((name) => name.endsWith('.md'));
const textOf = (page: string): string => readFileSync(page, 'utf8');
const { scripts } = JSON.parse(textOf('package.json'));

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

const linksOf = (page: string): string[] =>
  [...textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target);

describe.each(pages)('%s', (page) => {
  test('links to files and headings that exist', () => {
    for (const target of linksOf(page)) {
      const [file = '', anchor] = target.split('#');
      expect(existsSync(file || page), `${page} links to ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(file || page), target).toContain(anchor);
    }
    for (const [file] of textOf(page).matchAll(/\bevents\/[\w./-]+\.json\b/g))
      expect(existsSync(file), file).toBe(true);
  });

  // What a release took away may still be named there.
  test.skipIf(page === 'CHANGELOG.md')('names npm scripts that exist', () => {
    for (const [, run, own] of textOf(page).matchAll(/npm (?:run ([a-z][\w:-]*)|(start|test)\b)/g))
      expect(scripts, `npm ${run ?? own}`).toHaveProperty([String(run ?? own)]);
  });
});

test('a reader of the README finds every page by its links, or by those of CONTRIBUTING', () => {
  const linked = [...linksOf('README.md'), ...linksOf('CONTRIBUTING.md')].map(
    (target) => target.split('#')[0],
  );
  expect(pages.filter((page) => page !== 'README.md' && !linked.includes(page))).toEqual([]);
});
