import { describe, expect, test } from 'vitest';
import { createEvent, type Filterable } from '#lib/filter/event.ts';
import { compileFilter, isWanted } from '#lib/filter/filter.ts';
import { MOST_STEPS } from '#lib/filter/match.ts';
import { EXAMPLES } from '#test/support/ruler/examples.ts';

const message = (body: string, more: Partial<Filterable> = {}): Filterable => ({
  body,
  contentType: 'application/json',
  headers: {},
  topic: 'orders',
  ...more,
});

function wants(filter: unknown, of: Filterable, steps = { left: MOST_STEPS }): boolean {
  const compiled = compileFilter(filter);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  return isWanted(createEvent(of), compiled.value, steps);
}

const faults = (filter: unknown): string[] => {
  const compiled = compileFilter(filter);
  return compiled.ok ? [] : compiled.faults.map(({ path, reason }) => `${path}: ${reason}`);
};

describe('the operators that AWS documents', () => {
  test.each(EXAMPLES.map((example) => [example.name, example] as const))('%s', (_, { pattern, messages }) => {
    for (const { passes, message: drawn } of messages) {
      expect([drawn, wants(pattern, message(drawn.body, drawn))]).toEqual([drawn, passes]);
    }
  });
});

describe('what a filter sees', () => {
  test('a body that is JSON, whatever its content type, and the text of any other', () => {
    expect(wants({ body: { a: [1] } }, message('{"a":1}', { contentType: 'text/plain' }))).toBe(true);
    expect(wants({ body: { a: [1] } }, message('\uFEFF{"a":1}'))).toBe(true);
    expect(wants({ body: ['{"a":1'] }, message('{"a":1'))).toBe(true);
    expect(wants({ body: [{ prefix: '<order' }] }, message('<order/>'))).toBe(true);
    expect(wants({ body: [5] }, message('5'))).toBe(true);
    expect(wants({ body: ['5'] }, message('"5"'))).toBe(true);
    expect(wants({ body: { a: [1] } }, message('[{"a":2},{"a":1}]'))).toBe(true);
  });

  test('the bytes of a body in base64, if they are text', () => {
    const encoded = (bytes: Buffer) => message(bytes.toString('base64'), { encoding: 'base64' });
    expect(wants({ body: { a: [1] } }, encoded(Buffer.from('{"a":1}')))).toBe(true);
    expect(wants({ body: ['é'] }, encoded(Buffer.from('é')))).toBe(true);
    expect(wants({ body: [{ exists: true }] }, encoded(Buffer.from([0x89, 0x50, 0xff])))).toBe(false);
    expect(wants({ body: [{ exists: false }] }, encoded(Buffer.from([0x89, 0x50, 0xff])))).toBe(true);
  });

  test('headers by their names in any case, the content type among them', () => {
    const sent = message('1', { headers: { 'x-kind': 'Paid' } });
    expect(wants({ headers: { 'X-Kind': ['Paid'] } }, sent)).toBe(true);
    expect(wants({ 'headers.X-Kind': ['Paid'] }, sent)).toBe(true);
    expect(wants({ headers: { 'x-kind': ['paid'] } }, sent)).toBe(false);
    expect(wants({ headers: { 'Content-Type': [{ prefix: 'application/json' }] } }, sent)).toBe(true);
  });

  test('the topic and the key', () => {
    expect(wants({ topic: [{ suffix: 's' }], key: ['acme'] }, message('1', { key: 'acme' }))).toBe(true);
    expect(wants({ key: [{ exists: false }] }, message('1'))).toBe(true);
  });

  test('no names of its own: a body may name what JavaScript has on every object', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'length']) {
      expect(wants({ body: { [name]: [{ exists: true }] } }, message('{"a":1}'))).toBe(false);
      expect(wants({ body: JSON.parse(`{"${name}":[1]}`) }, message(`{"${name}":1}`))).toBe(true);
    }
    expect(wants({ body: { a: { length: [{ exists: true }] } } }, message('{"a":[1]}'))).toBe(false);
  });

  test('numbers as doubles; one that no double says exactly is no number but something else', () => {
    expect(wants({ body: [300] }, message('3.00e2'))).toBe(true);
    expect(wants({ body: [0.1] }, message('0.1000'))).toBe(true);
    expect(wants({ body: [9007199254740992] }, message('9007199254740993'))).toBe(false);
    expect(wants({ body: [{ numeric: ['>', 0] }] }, message('9007199254740993'))).toBe(false);
    expect(wants({ body: [{ 'anything-but': 5 }] }, message('9007199254740993'))).toBe(true);
    expect(wants({ body: [{ exists: true }] }, message('1e999'))).toBe(true);
    expect(wants({ body: { id: ['12345678901234567890'] } }, message('{"id":"12345678901234567890"}'))).toBe(
      true,
    );
  });
});

describe('a wrong filter', () => {
  test.each([
    ['paid', '(item): must be an object'],
    [[], '(item): must be an object'],
    [{}, '(item): is empty'],
    [{ bodi: { a: [1] } }, 'bodi: is not known here: did you mean body?'],
    [
      { detail: { a: [1] } },
      'detail: is not known here: remove it; known are body, headers, topic, key, $or',
    ],
    [{ body: 'paid' }, 'body: must be a list of values'],
    [{ body: { kind: 'paid' } }, 'body.kind: must be a list of values'],
    [{ body: { kind: null } }, 'body.kind: must be a list of values'],
    [{ body: {} }, 'body: is empty'],
    [{ body: { kind: [] } }, 'body.kind: must not be an empty list'],
    [
      { body: { kind: [['paid']] } },
      'body.kind.0: must be a text, a number, true, false, null or an operator',
    ],
    [
      { body: { kind: ['a', { prefixx: 'b' }] } },
      'body.kind.1.prefixx: is not known here: did you mean prefix?',
    ],
    [
      { body: { kind: [{ regex: 'b' }] } },
      'body.kind.0.regex: is not known here: remove it; known are prefix',
    ],
    [{ body: { kind: [{}] } }, 'body.kind.0: is empty: give one operator'],
    [{ body: { kind: [{ prefix: 'a', suffix: 'b' }] } }, 'body.kind.0: has more than one operator'],
    [{ body: { kind: [{ prefix: 5 }] } }, 'body.kind.0.prefix: must be a text'],
    [{ body: { kind: [{ prefix: ['a'] }] } }, 'body.kind.0.prefix: must be a text'],
    [{ body: { kind: [{ suffix: { prefix: 'a' } }] } }, 'body.kind.0.suffix.prefix: is not known here'],
    [{ body: { kind: [{ 'equals-ignore-case': ['a'] }] } }, 'body.kind.0.equals-ignore-case: must be a text'],
    [{ body: { kind: [{ exists: 'true' }] } }, 'body.kind.0.exists: must be true or false'],
    [{ body: { ip: [{ cidr: '10.0.0.0' }] } }, 'body.ip.0.cidr: is no CIDR'],
    [{ body: { ip: [{ cidr: '10.0.0.0/33' }] } }, 'body.ip.0.cidr: is no CIDR'],
    [{ body: { ip: [{ cidr: '10.0.0.1/32' }] } }, 'body.ip.0.cidr: names one address'],
    [{ body: { n: [{ numeric: ['>'] }] } }, 'body.n.0.numeric: must be a comparison'],
    [{ body: { n: [{ numeric: ['>', '5'] }] } }, 'body.n.0.numeric: must be a comparison'],
    [{ body: { n: [{ numeric: ['<', 5, '>', 1] }] } }, 'body.n.0.numeric: must have > or >= first'],
    [{ body: { n: [{ numeric: ['>', 5, '<', 5] }] } }, 'body.n.0.numeric: must have a first number'],
    [{ body: { n: [{ numeric: 5 }] } }, 'body.n.0.numeric: must be a comparison'],
    [{ body: { a: [{ wildcard: 'a**' }] } }, 'body.a.0.wildcard: has two * side by side'],
    [{ body: { a: [{ wildcard: 'a\\b' }] } }, 'body.a.0.wildcard: has a \\ before another character'],
    [{ body: { a: [{ 'anything-but': [] }] } }, 'body.a.0.anything-but: must not be an empty list'],
    [{ body: { a: [{ 'anything-but': [1, 'a'] }] } }, 'body.a.0.anything-but: must be a text, a number'],
    [{ body: { a: [{ 'anything-but': null }] } }, 'body.a.0.anything-but: must be a text, a number'],
    [
      { body: { a: [{ 'anything-but': { numeric: [] } }] } },
      'body.a.0.anything-but.numeric: is not known here',
    ],
    [
      { body: { a: [{ 'anything-but': { prefix: '' } }] } },
      'body.a.0.anything-but.prefix: must not be empty',
    ],
    [
      { body: { a: [{ 'anything-but': { wildcard: ['a', 'b**'] } }] } },
      'body.a.0.anything-but.wildcard.1: has two *',
    ],
    [{ $or: [{ topic: ['a'] }] }, '$or: must be a list of at least two objects'],
    [{ $or: { topic: ['a'] } }, '$or: must be a list of at least two objects'],
    [{ $or: [{ topic: ['a'] }, 'b'] }, '$or.1: must be an object with fields'],
    [{ body: { $or: [{ prefix: ['a'] }, { b: [1] }] } }, 'body.$or.0.prefix: is an operator'],
    [{ body: { a: [1] }, 'body.a': [2] }, 'body.a: is given twice'],
    [{ headers: { 'x-a': ['1'], 'X-A': ['2'] } }, 'headers.x-a: is given twice'],
    [{ topic: ['a'], $or: [{ topic: ['b'] }, { key: ['c'] }] }, 'topic: is given twice'],
  ])('%j is told by its path, with what to do', (filter, start) => {
    const found = compileFilter(filter, []);
    const told = found.ok ? [] : found.faults.map(({ path, reason }) => `${path}: ${reason}`);
    expect(told).toEqual([expect.stringContaining(start)]);
  });

  test('is told with all of its faults, below its place in the item', () => {
    expect(faults({ body: { a: 'x', b: [{ prefix: 1 }] }, topics: ['a'] })).toEqual([
      expect.stringContaining('filter.body.a: '),
      expect.stringContaining('filter.body.b.0.prefix: '),
      expect.stringContaining('filter.topics: is not known here: did you mean topic?'),
    ]);
  });
});

describe('the bounds', () => {
  test('8,192 characters, and 32 levels', () => {
    expect(faults({ body: { a: ['x'.repeat(8_100)] } })).toEqual([]);
    const many = Array.from({ length: 501 }, (_, n) => n);
    expect(faults({ body: { a: many } })).toEqual([
      expect.stringContaining('filter: has more than 500 entries in its lists'),
    ]);
    expect(faults({ body: { a: ['x'.repeat(8_192)] } })).toEqual([
      'filter: has more than 8192 characters as JSON: make it shorter',
    ]);
    let deep: object = { a: [1] };
    for (let level = 0; level < 40; level++) deep = { a: deep };
    expect(faults({ body: deep })).toEqual([expect.stringContaining('is nested deeper than 32 levels')]);
  });

  test('a thousand combinations of $or', () => {
    const or = (name: string, many: number) => ({
      [name]: { $or: Array.from({ length: many }, (_, n) => ({ [`${name}${n}`]: [1] })) },
    });
    expect(faults({ body: { ...or('a', 10), ...or('b', 10), ...or('c', 10) } })).toEqual([]);
    expect(faults({ body: { ...or('a', 10), ...or('b', 10), ...or('c', 11) } })).toEqual([
      expect.stringContaining('has more than 1000 combinations of its $or'),
    ]);
  });

  test('a text that is hard for a wildcard takes steps in proportion to its length', () => {
    const long = 'a'.repeat(250_000);
    const wildcard = `*${'a'.repeat(4_000)}b*${'a'.repeat(3_000)}c*`;
    const steps = { left: MOST_STEPS };
    expect(wants({ body: [{ wildcard }] }, message(long), steps)).toBe(false);
    expect(steps.left).toBeGreaterThan(0);
  });

  test('a message that is too hard to judge passes: it must not be lost', () => {
    // Dotted names make several lists of one path, so that each pair of entries is possible.
    const list = (of: number) =>
      `[${Array.from({ length: of }, (_, n) => `{"x":${n},"y":${-n}}`).join(',')}]`;
    const body = `{"a.b":${list(3_000)},"a":{"b":${list(3_000)}},"a.b.z":1}`;
    const filter = {
      body: { a: { b: { x: [{ exists: true }], y: [{ exists: true }], z: [{ exists: false }] } } },
    };
    // The same filter over shorter lists is judged.
    const shorter = body.replace(list(3_000), list(3)).replace(list(3_000), list(3));
    expect(wants(filter, message(shorter))).toBe(false);
    const steps = { left: MOST_STEPS };
    expect(wants(filter, message(body), steps)).toBe(true);
    expect(steps.left).toBeLessThan(0);
  });

  test('a body that is nested deeper than calls can be is read all the same', () => {
    const deep = (open: string, close: string, inside: string) =>
      message(`{"a":${open.repeat(100_000)}${inside}${close.repeat(100_000)},"n":12345678901234567890}`);
    expect(wants({ body: { a: [1] } }, deep('[', ']', '1'))).toBe(true);
    expect(wants({ body: { a: ['b'] } }, deep('[', ']', '1'))).toBe(false);
    expect(wants({ body: { a: { b: { b: ['c'] } } } }, deep('{"b":', '}', '1'))).toBe(false);
  });

  test('the entries of a long list are gone through once', () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => `{"x":"a","y":"a","z":${n}}`);
    const steps = { left: MOST_STEPS };
    expect(wants({ body: { x: ['a'], y: ['a'], z: [19_999] } }, message(`[${rows.join(',')}]`), steps)).toBe(
      true,
    );
    expect(steps.left).toBeGreaterThan(0);
  });
});

test('compiled filters are remembered up to two million characters, and the oldest are forgotten', () => {
  // Whoever puts an item again and again, each time with another filter, must not fill the memory of the function.
  const compiled = (name: string, length = 1) => {
    const read = compileFilter({ body: { [name]: ['x'.repeat(length)] } });
    return read.ok ? read.value : undefined;
  };
  const first = compiled('first');
  for (let count = 0; count < 200; count++) compiled(`small-${count}`);
  expect(compiled('first')).toBe(first);
  for (let count = 0; count < 260; count++) compiled(`large-${count}`, 8_000);
  expect(compiled('first')).not.toBe(first);
  const last = compiled('last');
  expect(compiled('last')).toBe(last);
});
