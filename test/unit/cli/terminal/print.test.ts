// What commands write: tables that fit, colours on a terminal alone, nothing in them that moves the cursor.
import { PassThrough } from 'node:stream';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { age, createPrint, table } from '#lib/cli/terminal/print.ts';
import { createProgress } from '#lib/cli/terminal/progress.ts';

/** A stream that keeps what is written to it. */
function output(terminal: { isTTY?: boolean; columns?: number } = {}) {
  const stream = Object.assign(new PassThrough(), terminal);
  return { stream, text: () => String(stream.read() ?? '') };
}

function printing(options: { json?: boolean; isTTY?: boolean; columns?: number; env?: NodeJS.ProcessEnv }) {
  const { json = false, env = {}, ...terminal } = options;
  const stdout = output(terminal);
  const stderr = output(terminal);
  const print = createPrint({ json }, { stdout: stdout.stream, stderr: stderr.stream, env });
  return { print, stdout, stderr };
}

const rows = [
  { name: 'a', count: 7, why: 'fine' },
  { name: 'longer', count: 1_000, why: 'a\u001b[2J\nlong reason that does not fit' },
];
const columns = [
  { title: 'name', of: ({ name }: (typeof rows)[number]) => name },
  { title: 'count', of: ({ count }: (typeof rows)[number]) => count },
  { title: 'why', of: ({ why }: (typeof rows)[number]) => why },
];

describe('a table', () => {
  test('lines up texts to the left and numbers to the right, with no control character in it', () => {
    const { print } = printing({});
    expect(table(rows, columns, print)).toBe(
      [
        'name    count  why',
        'a           7  fine',
        'longer   1000  a?[2J?long reason that does not fit',
      ].join('\n'),
    );
  });

  test('is as wide as the terminal, and not cut where there is none', () => {
    const { print } = printing({ isTTY: true, columns: 24, env: { NO_COLOR: '1' } });
    for (const line of table(rows, columns, print).split('\n')) expect(line.length).toBeLessThanOrEqual(24);
    expect(table(rows, columns, print)).toContain('a?[2J?lo…');
  });

  test('a long cell does not hide the other columns', () => {
    const { print } = printing({ isTTY: true, columns: 40, env: { NO_COLOR: '1' } });
    const long = [{ name: 'i'.repeat(128), count: 12, why: 'rejected' }];
    const [, line = ''] = table(long, columns, print).split('\n');
    expect(line).toHaveLength(40);
    expect(line).toMatch(/^i+… {2,}12 {2}rejected$/);
  });

  test('several long cells are cut to the same width', () => {
    const { print } = printing({ isTTY: true, columns: 47, env: { NO_COLOR: '1' } });
    const long = [{ name: 'n'.repeat(60), count: 1, why: 'w'.repeat(90) }];
    const [, line = ''] = table(long, columns, print).split('\n');
    expect(line).toBe(`${'n'.repeat(18)}…      1  ${'w'.repeat(18)}…`);
  });

  test.each([
    ['Chinese', '订单已创建'],
    ['full width', 'ＡＢＣ'],
    ['an emoji of several code points', '👩‍👩‍👧‍👦👍🏽'],
    ['a combining accent', 'e\u0301te\u0301'],
    ['a flag', '🇩🇪'],
  ])('lines up beside %s', (_, name) => {
    const { print } = printing({});
    const [, first = '', second = ''] = table(
      [
        { name, count: 1, why: '|' },
        { name: 'a', count: 1, why: '|' },
      ],
      columns,
      print,
    ).split('\n');
    expect(first).toContain(name);
    expect(stringWidth(first)).toBe(stringWidth(second));
  });

  test('is cut between characters as a person sees them', () => {
    const { print } = printing({ isTTY: true, columns: 10, env: { NO_COLOR: '1' } });
    const only = columns.slice(0, 1);
    const nameOf = (name: string) => table([{ name, count: 1, why: '' }], only, print).split('\n')[1];
    expect(nameOf('订单已创建了')).toBe('订单已创…');
    expect(nameOf('1234567👩‍👩‍👧‍👦xyz')).toBe('1234567👩‍👩‍👧‍👦…');
    expect(nameOf('12345678👩‍👩‍👧‍👦xyz')).toBe('12345678…');
  });

  test('a joiner that joins no emoji is shown as a character that is hidden', () => {
    const { print } = printing({});
    expect(table([{ name: 'ac\u200dme', count: 1, why: '\u200d' }], columns, print)).toContain('ac?me');
  });

  test('a terminal whose width is 0 has an unknown one', () => {
    const { print } = printing({ isTTY: true, columns: 0, env: { NO_COLOR: '1' } });
    expect(table(rows, columns, print)).toContain('long reason that does not fit');
  });

  test('has colours on a terminal, unless NO_COLOR says otherwise, and none in JSON', () => {
    const styled = [{ ...columns[0], title: 'name', of: () => 'x', style: () => 'red' as const }];
    const painted = (options: Parameters<typeof printing>[0]) =>
      table(rows.slice(0, 1), styled, printing(options).print).includes('\u001b[31m');
    expect(painted({ isTTY: true })).toBe(true);
    expect(painted({ isTTY: false })).toBe(false);
    expect(painted({ isTTY: true, env: { NO_COLOR: '1' } })).toBe(false);
    expect(painted({ isTTY: true, json: true })).toBe(false);
  });
});

test('a result is a text for people, or one JSON value; notes go to standard error', () => {
  const people = printing({});
  people.print.result({ a: 1 }, () => 'one');
  people.print.note('by the way');
  expect([people.stdout.text(), people.stderr.text()]).toEqual(['one\n', 'by the way\n']);
  const programs = printing({ json: true });
  programs.print.result({ a: 1 }, () => 'one');
  expect(JSON.parse(programs.stdout.text())).toEqual({ a: 1 });
});

test('no output holds a control of the terminal or of the direction of text, but the colours of ours', () => {
  const C1 = '\u009b2J\u0085';
  const evil = `a\u001b[2J\u001b]0;title\u0007\u001b[8m\rb\u007f${C1}\u202e\u2066\u200f\u2028c`;
  const people = printing({ isTTY: true });
  people.print.result({}, () => `${people.print.paint('red', 'x')}\n\t${evil}`);
  people.print.note(evil);
  const seen = people.stdout.text();
  expect(seen.startsWith('\u001b[31mx\u001b[39m\n\ta?[2J?]0;title??[8m?b??2J?????c')).toBe(true);
  const hidden = /[^\n\t\u0020-\u007e]/u;
  for (const text of [seen.replaceAll('\u001b[31m', '').replaceAll('\u001b[39m', ''), people.stderr.text()])
    expect(text).not.toMatch(hidden);

  const programs = printing({ json: true });
  programs.print.result({ evil, [evil]: '\u{e0001}' }, () => '');
  const json = programs.stdout.text();
  expect(json).not.toMatch(hidden);
  expect(JSON.parse(json)).toEqual({ evil, [evil]: '\u{e0001}' });
});

describe('a progress bar', () => {
  test('shows how far it is on a terminal, within its width, and takes itself away', () => {
    const { stream, text } = output({ isTTY: true, columns: 60 });
    const progress = createProgress('Sending', stream);
    progress.at(5, 10, 'a note');
    expect(text()).toBe(`\r\u001b[KSending [${'='.repeat(12)}${' '.repeat(12)}] 5/10  a note`);
    progress.at(10, 10, 'x'.repeat(100));
    expect(text().length).toBeLessThanOrEqual(60 + '\r\u001b[K'.length);
    progress.end();
    expect(text()).toBe('\r\u001b[K');
  });

  test('writes nothing anywhere else', () => {
    const { stream, text } = output();
    const progress = createProgress('Sending', stream);
    progress.at(5, 10);
    progress.end();
    expect(text()).toBe('');
  });
});

test.each([
  [-5, '0s'],
  [99_000, '99s'],
  [100_000, '2m'],
  [6_000_000, '2h'],
  [172_800_000, '2d'],
])('%i ms are %s', (ms, text) => {
  expect(age(ms)).toBe(text);
});
