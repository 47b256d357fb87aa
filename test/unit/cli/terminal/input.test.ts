// What a command reads from a file of items. A fault names the line, and repeats nothing of the file.
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { explain } from '#lib/cli/terminal/failure.ts';
import { readItems, refuseRepeated } from '#lib/cli/terminal/input.ts';

const read = (text: string) => readItems('-', { stdin: Readable.from([text]) as never });

/** What a person sees. */
const messageOf = (text: string): Promise<string> =>
  read(text).then(
    () => 'was read',
    (error: unknown) => explain(error, { stage: 'dev' } as never),
  );

test('one item, a list and several YAML documents are items', async () => {
  const items = async (text: string) => (await read(text)).map(({ item }) => item);
  expect(await items('{"id":"a"}')).toEqual([{ id: 'a' }]);
  expect(await items('[{"id":"a"},{"id":"b"}]')).toEqual([{ id: 'a' }, { id: 'b' }]);
  expect(await items('id: a\n---\nid: b\n')).toEqual([{ id: 'a' }, { id: 'b' }]);
  expect(await items('id: a\nnote: "*hunter2"\nother: "&hunter2"\n')).toEqual([
    { id: 'a', note: '*hunter2', other: '&hunter2' },
  ]);
});

test('maps are merged by <<, and their own keys win', async () => {
  const one = async (text: string) => (await read(text)).map(({ item }) => item);
  expect(await one('x-all: &all {qos: auto, id: z}\n<<: *all\nid: a\n')).toEqual([
    { 'x-all': { qos: 'auto', id: 'z' }, qos: 'auto', id: 'a' },
  ]);
  expect(await one('- &a {id: a, qos: auto}\n- <<: [*a, {topic: t}]\n  id: b\n')).toEqual([
    { id: 'a', qos: 'auto' },
    { id: 'b', qos: 'auto', topic: 't' },
  ]);
  expect(await one('id: a\n"<<": text\n')).toEqual([{ id: 'a', '<<': 'text' }]);
});

test.each([
  ['UTF-8', Buffer.from('\ufeff{"id":"ä"}')],
  ['UTF-16, little-endian', Buffer.from('\ufeffid: ä\n', 'utf16le')],
  ['UTF-16, big-endian', Buffer.from('\ufeff{"id":"ä"}', 'utf16le').swap16()],
])('a byte order mark of %s is passed over', async (_, bytes) => {
  const items = await readItems('-', { stdin: Readable.from([bytes]) as never });
  expect(items.map(({ item }) => item)).toEqual([{ id: 'ä' }]);
});

test('bytes that are no text are refused', async () => {
  const stdin = Readable.from([Buffer.from([0x69, 0x64, 0x3a, 0xe9])]) as never;
  await expect(readItems('-', { stdin })).rejects.toThrow('no text in UTF-8');
});

test.each(['id', 'name'] as const)('of two items with the same %s neither is put', async (key) => {
  const items = await read(JSON.stringify([{ [key]: 'a' }, { [key]: 'b' }, { [key]: 'a' }, {}, {}]));
  expect(() => refuseRepeated(items, key)).toThrow(`item 3 has the same ${key} as standard input, item 1`);
  expect(() => refuseRepeated(items.slice(1), key)).not.toThrow();
});

describe('a fault of the text', () => {
  test.each([
    ['an alias without an anchor', 'id: a\npassword: *hunter2\n', 2],
    ['a media type that looks like an alias', 'id: a\nheaders:\n- name: accept\n  value: */*hunter2\n', 4],
    ['an alias with an anchor', 'id: a\nx: &hunter2 {z: 1}\ny: *hunter2\n', 3],
    ['an alias of itself', 'id: a\nx: &hunter2 {z: *hunter2}\n', 2],
    ['an alias as a key', 'id: a\n? *hunter2\n: 1\n', 2],
    ['a merged alias without an anchor', 'id: a\n<<: *hunter2\n', 2],
    ['a text that looks like an anchor', 'id: a\nb:\n  password: &hunter2\n', 3],
    ['two words that begin like an anchor', 'id: a\npassword: &hunter2 x\n', 2],
    ['an anchor of a list', 'id: a\nx: &hunter2 [1]\n', 2],
    ['an anchor of a key', 'id: a\n&hunter2 x: 1\n', 2],
    ['a merged text', 'id: a\n<<: hunter2\n', 2],
    ['an alias in a merged map', 'x: &hunter2 {}\n<<: {y: *hunter2}\n', 2],
    ['a key that JSON gives twice', '{"id": "a",\n"b": {"hunter2": 1,\n"hunter2": 2}}', 3],
    [
      'a key that JSON gives twice in two spellings',
      '[{"a": {"]": 1}},\n{"hunter2": "x{,", "hunter\\u0032": 2}]',
      2,
    ],
    ['an alias in a later document', 'id: a\n---\nid: b\nx: *hunter2\n', 4],
    ['a text that does not end', 'id: a\npassword: "hunter2\n', 3],
    ['a tag that is not known', 'id: a\npassword: !hunter2 x\n', 2],
    ['a key that is given twice', 'id: a\nhunter2: x\nhunter2: y\n', 3],
    ['a key that is given as a text and as a number', 'id: a\n"1": hunter2\n0x1: y\n', 3],
    ['a key that is a map: a template that was not filled in', 'id: a\npassword: {{ hunter2 }}\n', 2],
    ['a key that is a list', 'id: a\n? [hunter2]\n: x\n', 2],
    ['a tab before a key', 'id: a\nb:\n\thunter2: x\n', 3],
  ])('%s: its line is named, and nothing of the text is repeated', async (_, text, line) => {
    const message = await messageOf(text);
    expect(message).toMatch(new RegExp(`^standard input, line ${line}: `));
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('bug');
  });

  test.each([
    ['brackets', '['],
    ['lists', '- '],
    ['maps', '{a: '],
  ])('text of many nested %s ends with a sentence', async (_, piece) => {
    const message = await messageOf(piece.repeat(100_000));
    expect(message).toMatch(/^standard input, line 1: .*neither JSON nor YAML/);
  });

  test('many keys are read in a time that grows with their number alone', async () => {
    const keys = Array.from({ length: 100_000 }, (_, at) => `k${at}: 1`).join('\n');
    expect(await messageOf(`${keys}\nk0: 2`)).toMatch(/^standard input, line 100001: a key is given twice/);
  });

  test('maps that contain themselves end with a sentence', async () => {
    expect(await messageOf('x: &x\n  <<: *x\n')).toMatch(/^standard input: the maps behind its aliases/);
  });

  test('a key may come again in another object, and as a value', async () => {
    const text = '{"a":{"a":["a",{"a":"a"},{"a":1}]},"b":{"a":"\\"a\\":"}}';
    expect(await messageOf(text)).toBe('was read');
  });

  test('a file that is too large is not parsed', async () => {
    expect(await messageOf(`id: ${'a'.repeat(10 * 1024 * 1024)}`)).toContain('larger than 10 MB');
  });
});
