// Each operator that AWS documents, with messages that pass and messages that do not:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
import type { Drawn } from './draw-message.ts';

type Example = {
  readonly name: string;
  readonly pattern: unknown;
  readonly messages: readonly { readonly passes: boolean; readonly message: Drawn }[];
};

type Part = Partial<Pick<Drawn, 'headers' | 'topic' | 'key'>>;

/** A message with this value as its JSON body. */
const body = (value: unknown, { headers = {}, topic = 'order.created', key }: Part = {}): Drawn => ({
  body: JSON.stringify(value),
  headers,
  topic,
  key,
});

function example(
  name: string,
  pattern: unknown,
  passing: readonly Drawn[],
  failing: readonly Drawn[],
): Example {
  const of = (passes: boolean) => (message: Drawn) => ({ passes, message });
  return { name, pattern, messages: [...passing.map(of(true)), ...failing.map(of(false))] };
}

/** An example about the field `at` of the body. */
const field = (
  name: string,
  values: readonly unknown[],
  passing: readonly unknown[],
  failing: readonly unknown[],
): Example => {
  const message = (at: unknown) => body(at === undefined ? { other: 1 } : { at });
  return example(name, { body: { at: values } }, passing.map(message), failing.map(message));
};

const WITHOUT: unknown = undefined;

export const EXAMPLES: readonly Example[] = [
  field('a text', ['paid', 'sent'], ['paid', 'sent', ['open', 'sent']], ['Paid', 'paid ', 1, null, WITHOUT]),
  field('null', [null], [null, [1, null]], ['', 'null', 0, false, WITHOUT]),
  field('the empty text', [''], [''], [null, ' ', WITHOUT]),
  field('a number', [300], [300, 300.0, 3e2], ['300', 301, 300.0000001]),
  field('booleans', [true], [true], [false, 'true', 1]),
  field('prefix', [{ prefix: 'eu-' }], ['eu-1', 'eu-'], ['EU-1', 'us-eu-', 5, WITHOUT]),
  field('prefix, any case', [{ prefix: { 'equals-ignore-case': 'EU-' } }], ['eu-1', 'Eu-2'], ['us-1']),
  field('suffix', [{ suffix: '.png' }], ['a.png', '.png'], ['a.PNG', 'a.png.zip']),
  field('suffix, any case', [{ suffix: { 'equals-ignore-case': '.PNG' } }], ['a.png', 'a.Png'], ['a.jpg']),
  field('equals-ignore-case', [{ 'equals-ignore-case': 'Alice' }], ['ALICE', 'alice'], ['alice ', 'bob']),
  field('anything-but', [{ 'anything-but': 'draft' }], ['paid', 5, null, true], ['draft', WITHOUT]),
  field('anything-but, a number', [{ 'anything-but': 123 }], [124, '123'], [123, 123.0]),
  field('anything-but, texts', [{ 'anything-but': ['a', 'b'] }], ['c', ['a', 'c']], ['a', 'b', ['a', 'b']]),
  field('anything-but, numbers', [{ 'anything-but': [100, 200] }], [150, 'a'], [100, 200]),
  field('anything-but, prefix', [{ 'anything-but': { prefix: 'test-' } }], ['live-1', 7], ['test-1']),
  field('anything-but, prefixes', [{ 'anything-but': { prefix: ['a', 'b'] } }], ['c'], ['ax', 'bx']),
  field('anything-but, suffix', [{ 'anything-but': { suffix: '.txt' } }], ['a.json'], ['a.txt']),
  field('anything-but, suffixes', [{ 'anything-but': { suffix: ['.a', '.b'] } }], ['x.c'], ['x.a', 'x.b']),
  field('anything-but, any case', [{ 'anything-but': { 'equals-ignore-case': 'x' } }], ['y'], ['x', 'X']),
  field(
    'anything-but, several in any case',
    [{ 'anything-but': { 'equals-ignore-case': ['initializing', 'Stopped'] } }],
    ['running'],
    ['INITIALIZING', 'stopped'],
  ),
  field('anything-but, wildcard', [{ 'anything-but': { wildcard: '*/lib/*' } }], ['/bin/a'], ['/a/lib/b']),
  field(
    'anything-but, wildcards',
    [{ 'anything-but': { wildcard: ['*/lib/*', '*/bin/*'] } }],
    ['/etc/a'],
    ['/a/lib/b', '/a/bin/b'],
  ),
  field('numeric, equal', [{ numeric: ['=', 301.8] }], [301.8, 3.018e2], [301.80001, '301.8']),
  field('numeric, a range', [{ numeric: ['>', 0, '<=', 5] }], [0.001, 5], [0, 5.1, -1, '3', WITHOUT]),
  field('numeric, one side', [{ numeric: ['<', 10] }], [9.99, -1e300], [10, 1e300]),
  field('exists', [{ exists: true }], [null, '', 0, ['a']], [WITHOUT, {}, [], { inner: 1 }]),
  field('exists, not', [{ exists: false }], [WITHOUT, {}, [], { inner: 1 }], [null, '', 0, ['a']]),
  field(
    'cidr',
    [{ cidr: '10.0.0.0/24' }],
    ['10.0.0.0', '10.0.0.255'],
    ['10.0.1.0', '10.0.0', 'a', '::a00:0'],
  ),
  field('cidr of IPv6', [{ cidr: '2001:db8::/32' }], ['2001:db8::1', '2001:DB8:0:1::'], ['2001:db9::1']),
  field('an address', ['2001:db8::1'], ['2001:db8::1', '2001:0db8:0::1'], ['2001:db8::2']),
  field('wildcard', [{ wildcard: 'dir/*.png' }], ['dir/a.png', 'dir/.png'], ['dir/a.jpg', 'x/dir/a.png']),
  field('wildcards', [{ wildcard: '*a*b*' }], ['ab', 'xaybz'], ['ba', '']),
  field('wildcard, escaped', [{ wildcard: 'a\\*b*' }], ['a*b', 'a*bc'], ['axb']),
  field(
    'several values of one field',
    ['a', { prefix: 'b' }, { exists: false }],
    ['a', 'bc', WITHOUT],
    ['c'],
  ),
  example(
    'all fields have to match',
    { body: { kind: ['paid'], amount: [{ numeric: ['>=', 100] }] } },
    [body({ kind: 'paid', amount: 100 })],
    [body({ kind: 'paid', amount: 99 }), body({ kind: 'open', amount: 100 }), body({ kind: 'paid' })],
  ),
  example(
    '$or beside a field',
    { body: { kind: ['paid'], $or: [{ amount: [{ numeric: ['>', 100] }] }, { vip: [true] }] } },
    [body({ kind: 'paid', amount: 101 }), body({ kind: 'paid', vip: true })],
    [body({ kind: 'paid', amount: 1 }), body({ kind: 'open', vip: true })],
  ),
  example(
    '$or over what a filter sees',
    { $or: [{ topic: [{ prefix: 'invoice.' }] }, { headers: { 'x-urgent': ['1'] } }] },
    [body({}, { topic: 'invoice.sent' }), body({}, { headers: { 'x-urgent': '1' } })],
    [body({}), body({}, { headers: { 'x-urgent': '0' } })],
  ),
  example(
    '$or in $or',
    { body: { $or: [{ a: [1] }, { b: [1], $or: [{ c: [1] }, { d: [1] }] }] } },
    [body({ a: 1 }), body({ b: 1, c: 1 }), body({ b: 1, d: 1 })],
    [body({ b: 1 }), body({ c: 1, d: 1 })],
  ),
  example(
    'names with dots and nested names are the same path',
    { body: { 'a.b': [1] } },
    [body({ a: { b: 1 } }), body({ 'a.b': 1 })],
    [body({ a: 1, b: 1 })],
  ),
  example(
    'fields of a list hold in one entry',
    { body: { people: { first: ['Anna'], last: ['Doe'] } } },
    [body({ people: [{ first: 'Anna', last: 'Doe' }] })],
    [
      body({
        people: [
          { first: 'Anna', last: 'Smith' },
          { first: 'John', last: 'Doe' },
        ],
      }),
    ],
  ),
  example(
    'different lists are independent',
    { body: { a: { x: [1] }, b: { y: [2] } } },
    [body({ a: [{ x: 0 }, { x: 1 }], b: [{ y: 2 }, { y: 0 }] })],
    [body({ a: [{ x: 0 }], b: [{ y: 2 }] })],
  ),
  example(
    'a body that is a text',
    { body: [{ prefix: 'ALARM' }] },
    [body('ALARM: disk')],
    [body('ok'), body({})],
  ),
  example(
    'the key',
    { key: [{ suffix: '-eu' }] },
    [body(1, { key: 'acme-eu' })],
    [body(1), body(1, { key: 'x' })],
  ),
];
