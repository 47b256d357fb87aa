// DECISIONS.md: the index has every entry under its topic, and every entry has its parts.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const PARTS = ['Context', 'Decision', 'Consequence', 'Ends'];
const SUPERSEDED_PARTS = ['Decision', 'Superseded by'];

const [, index = '', ...topics] = readFileSync('DECISIONS.md', 'utf8').split(/^## /m);

const entries = topics.flatMap((text) => {
  const [topic = '', ...parts] = text.split(/^### /m);
  return parts.map((part) => {
    const [heading = ''] = part.split('\n', 1);
    return {
      topic: topic.trim(),
      date: heading.slice(0, 10),
      title: heading.slice(11),
      parts: [...part.matchAll(/^- ([A-Z][a-z ]+):/gm)].map(([, name = '']) => name),
    };
  });
});

test('the index names every entry once, by topic, in the order of the page', () => {
  const indexed = index.split(/^\*\*(?=\w)/m).flatMap((text) => {
    const [topic = ''] = text.split('**');
    return [...text.matchAll(/^- \[(.+)\]\(#[\w-]+\)( \(superseded\))?$/gm)].map(([, title = '', mark]) => ({
      ...{ topic, title },
      isSuperseded: mark !== undefined,
    }));
  });
  expect(indexed).toEqual(
    entries.map(({ topic, title, parts }) => ({
      ...{ topic, title },
      isSuperseded: parts.includes('Superseded by'),
    })),
  );
});

test('no two entries have one title', () => {
  expect(new Set(entries.map(({ title }) => title)).size).toBe(entries.length);
});

describe.each(entries)('$title', ({ date, parts }) => {
  test('has its date and its parts, in their order', () => {
    expect(new Date(date).toISOString().slice(0, 10)).toBe(date);
    expect(parts).toEqual(parts.includes('Superseded by') ? SUPERSEDED_PARTS : PARTS);
  });
});
