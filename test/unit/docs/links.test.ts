// Where a page points to there is something: another page, a heading, a file of the repository.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const pages = readdirSync('.').filter((name) => name.endsWith('.md'));

const FOR_CONTRIBUTORS = ['CHANGELOG.md', 'CONTRIBUTING.md', 'RELEASING.md', 'SECURITY.md'];

test.each(pages)('what %s links to is there', (name) => {
  const text = readFileSync(name, 'utf8');
  for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
    const [file = ''] = target.split('#');
    expect(existsSync(file), `${name} links to ${target}`).toBe(true);
  }
  for (const [file] of text.matchAll(/\bevents\/[\w./-]+\.json\b/g))
    expect(existsSync(file), file).toBe(true);
});

test('the README links to every page for readers', () => {
  const readme = readFileSync('README.md', 'utf8');
  for (const name of pages.filter((page) => page !== 'README.md' && !FOR_CONTRIBUTORS.includes(page)))
    expect(readme).toContain(`](${name})`);
});

test('CONTRIBUTING links to the other pages for contributors', () => {
  const contributing = readFileSync('CONTRIBUTING.md', 'utf8');
  for (const name of ['RELEASING.md', 'SECURITY.md']) expect(contributing).toContain(`](${name})`);
});
