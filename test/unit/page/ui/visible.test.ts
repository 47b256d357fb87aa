// Every text that the page shows passes the hook: a control character of an item, a message or an answer does nothing.
import { createElement, Fragment, options } from 'preact';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { showTextsSafely, visible } from '#lib/page/ui/visible.ts';

const before = options.vnode;
beforeAll(() => showTextsSafely());
afterAll(() => {
  if (before === undefined) delete options.vnode;
  else options.vnode = before;
});

test.each([
  ['plain text, Grüße, 日本語, 🎉', 'plain text, Grüße, 日本語, 🎉'],
  ['a\u202Eb', 'a⟨U+202E⟩b'],
  ['\u0000\u001b[31m', '⟨U+0000⟩⟨U+001B⟩[31m'],
  ['\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
  ['\u200b', '⟨U+200B⟩'],
  ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
  ['\u{E0041}', '⟨U+E0041⟩'],
])('%j is shown as %j', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('an element made with hostile texts holds them safely, its value as it was', () => {
  const evil = '\u202Eevil';
  const list = createElement('p', { title: evil, 'aria-label': evil }, 'a', [evil, [evil]], 3);
  expect(list.props).toMatchObject({
    title: '⟨U+202E⟩evil',
    'aria-label': '⟨U+202E⟩evil',
    children: ['a', ['⟨U+202E⟩evil', ['⟨U+202E⟩evil']], 3],
  });
  expect(createElement('bdi', null, evil).props.children).toBe('⟨U+202E⟩evil');
  expect(createElement('textarea', { value: evil }).props).toMatchObject({ value: evil });
  expect(createElement(Fragment, null, createElement('b', null, evil))).toMatchObject({
    props: { children: { props: { children: '⟨U+202E⟩evil' } } },
  });
});
