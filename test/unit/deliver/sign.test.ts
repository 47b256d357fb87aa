// What a signature binds: two requests of different ids or times never have the same signed text.
import { expect, test } from 'vitest';
import { signed } from '#lib/deliver/sign.ts';
import { readSigningKey } from '#lib/subscription/signing-key.ts';

const KEY = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const deps = { secrets: { read: () => Promise.reject(), readAnew: () => Promise.reject() } };

async function headersOf(id: string, timestamp: string, body: string, keys?: string[]) {
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  const read = await signed(
    { headers, body: Buffer.from(body) },
    keys && { scheme: 'standard-webhooks', keys },
    deps,
  );
  if (!read.ok) throw new Error(read.message);
  return read.headers;
}

test('an id with a dot can not be taken for a shorter id and another time', async () => {
  const one = await headersOf('order.1700000000', '1700000000', 'x', [KEY]);
  const other = await headersOf('order', '1700000000', '1700000000.x', [KEY]);
  expect(one['webhook-signature']).not.toBe(other['webhook-signature']);
});

test('a signed request carries its id without dots, as it was signed, and it can be decoded', async () => {
  const key = readSigningKey(KEY);
  if (!key.ok) throw new Error(key.reason);
  const ids = ['plain-id_7', 'a.b', 'a%2Eb', 'a%b.c%', '...', '%', '%25', 'com.example/order@1'];
  const carried = new Set<string>();
  for (const id of ids) {
    const headers = await headersOf(id, '1', 'x', [KEY]);
    const { 'webhook-id': sent = '' } = headers;
    expect(sent).not.toContain('.');
    expect(decodeURIComponent(sent)).toBe(id);
    expect(headers['webhook-signature']).toBe(key.key.signatureOf(Buffer.from(`${sent}.1.x`)));
    carried.add(sent);
  }
  expect(carried.size).toBe(ids.length);
  expect(carried).toContain('plain-id_7');
});

test('without keys the id stays as it is', async () => {
  expect(await headersOf('a.b%', '1', 'x')).toEqual({ 'webhook-id': 'a.b%', 'webhook-timestamp': '1' });
});
