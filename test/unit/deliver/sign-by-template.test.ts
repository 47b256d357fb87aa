// Signatures in the schemes of other products, verified as their receivers verify them.
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signed } from '#lib/deliver/sign.ts';
import { faultsOf, itemWith, subscriptionOf } from '#test/support/subscription-items.ts';

const deps = { secrets: { read: () => Promise.reject(), readAnew: () => Promise.reject() } };
const body = Buffer.from('{"order": 17}');
const request = { 'webhook-id': 'order.17', 'webhook-timestamp': '1700000000', 'webhook-topic': 'orders' };

async function headersOf(signing: object, headers: Record<string, string> = request) {
  const read = await signed({ headers, body }, subscriptionOf(itemWith({ signing })).signing, deps);
  if (!read.ok) throw new Error(read.message);
  return read.headers;
}
const hmac = (key: string, text: string, encoding: 'hex' | 'base64' = 'hex') =>
  createHmac('sha256', key).update(text).digest(encoding);

test("GitHub's receivers find the signature of the body, the id and the event", async () => {
  expect(await headersOf({ scheme: 'github', keys: ['It is a secret'] })).toEqual({
    ...request,
    'x-hub-signature-256': `sha256=${hmac('It is a secret', String(body))}`,
    'x-github-delivery': 'order.17',
    'x-github-event': 'orders',
  });
  const { 'webhook-topic': _, ...without } = request;
  expect(await headersOf({ scheme: 'github', keys: ['k'] }, without)).not.toHaveProperty('x-github-event');
});

test("Stripe's receivers find the time and a signature of each key", async () => {
  // The key of Stripe is the whole text, its prefix too.
  const keys = ['whsec_one', 'two'];
  const { 'stripe-signature': header } = await headersOf({ scheme: 'stripe', keys });
  const text = `1700000000.${body}`;
  expect(header).toBe(`t=1700000000,v1=${hmac('whsec_one', text)},v1=${hmac('two', text)}`);
});

test('a template says what is signed and which headers carry it; an id in it has no dots', async () => {
  const template = {
    signed: '{id}|{timestamp}|{body}|{topic}',
    encoding: 'base64',
    headers: [
      { name: 'X-Signature', value: 'first={signature}; all={signatures}' },
      { name: 'X-Delivery', value: '{id}' },
      { name: 'x-time', value: '{timestamp}' },
    ],
    each: '[{signature}]',
    join: ' ',
  };
  const headers = await headersOf({ scheme: 'template', template, keys: ['one', 'two'] });
  const of = (key: string) => hmac(key, `order%2E17|1700000000|${body}|orders`, 'base64');
  expect(headers).toMatchObject({
    'x-signature': `first=${of('one')}; all=[${of('one')}] [${of('two')}]`,
    'x-delivery': 'order%2E17',
    'x-time': '1700000000',
    // A receiver may take the id from here too.
    'webhook-id': 'order%2E17',
  });
  expect(headers).not.toHaveProperty('webhook-signature');
});

test('a value that looks like a placeholder stays what it is', async () => {
  const template = { signed: '{body}', headers: [{ name: 'x-a', value: '{topic} {signature}' }] };
  const headers = await headersOf(
    { scheme: 'template', template, keys: ['k'] },
    { ...request, 'webhook-topic': '{signature}' },
  );
  expect(headers['x-a']).toBe(`{signature} ${hmac('k', String(body))}`);
});

describe('is refused', () => {
  const headers = [{ name: 'x-a', value: '{signature}' }];
  const template = (more: object) => ({
    scheme: 'template',
    keys: ['k'],
    template: { signed: '{body}', headers, ...more },
  });
  test.each([
    ['a scheme that is not known', { scheme: 'gitlab', keys: ['k'] }, 'scheme'],
    ['a template that is missing', { scheme: 'template', keys: ['k'] }, 'template'],
    ['a template beside another scheme', { ...template({}), scheme: 'github' }, 'template'],
    ['a key of another form', { keys: ['plain text'] }, 'keys.0'],
    ['a key without a text', { scheme: 'github', keys: [' '] }, 'keys.0'],
    ['a text without the body', template({ signed: '{id}' }), 'template.signed'],
    ['a text with the body twice', template({ signed: '{body}{body}' }), 'template.signed'],
    ['a name in braces that is not known', template({ signed: '{body}{secret}' }), 'template.signed'],
    [
      'one in a header',
      template({ headers: [{ name: 'x-a', value: '{signature}{body}' }] }),
      'template.headers.0.value',
    ],
    ['a name in braces in each', template({ each: '{signature}/{id}' }), 'template.each'],
    [
      'headers without a signature',
      template({ headers: [{ name: 'x-a', value: '{id}' }] }),
      'template.headers',
    ],
    [
      'a header that is ours',
      template({ headers: [{ name: 'Webhook-Id', value: '{signature}' }] }),
      'template.headers.0.name',
    ],
    [
      'a header of credentials',
      template({ headers: [{ name: 'Authorization', value: '{signature}' }] }),
      'template.headers.0.name',
    ],
    [
      'a header twice',
      template({ headers: [...headers, { name: 'X-A', value: '{id}' }] }),
      'template.headers.1.name',
    ],
    [
      'a line break',
      template({ headers: [{ name: 'x-a', value: '{signature}\r\nx-b: 1' }] }),
      'template.headers.0.value',
    ],
  ])('%s', (_, signing, path) => {
    expect(Object.keys(faultsOf(itemWith({ signing })))).toEqual([`configuration.signing.${path}`]);
  });
});
