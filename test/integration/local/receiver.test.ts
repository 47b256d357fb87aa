import { request } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const post = (path: string, body = '', headers = {}) =>
  fetch(`${receiver.url}${path}`, { method: 'POST', body, headers });

test('a request is kept with its bytes, headers and times, and answered with 200', async () => {
  const before = Date.now();
  const answer = await post('/a?x=1', 'wörld', { 'webhook-id': '7' });
  expect(answer.status).toBe(200);
  const [got] = await receiver.requests('/a?x=1', 1);
  expect(got).toMatchObject({ method: 'POST', path: '/a?x=1', headers: { 'webhook-id': '7' } });
  expect(got?.body).toEqual(Buffer.from('wörld'));
  await expect.poll(() => got?.endedAt).toBeGreaterThanOrEqual(before);
});

test('a path answers its steps in order, then its default', async () => {
  receiver.answer('/a', [{ status: 503 }, { status: 429, headers: { 'retry-after': '1' }, body: 'slow' }], {
    status: 204,
  });
  expect((await post('/a')).status).toBe(503);
  const second = await post('/a');
  expect([second.status, second.headers.get('retry-after'), await second.text()]).toEqual([429, '1', 'slow']);
  expect((await post('/a')).status).toBe(204);
  expect((await post('/a')).status).toBe(204);
  expect((await post('/b')).status).toBe(200);
});

test.each(['reset', 'reset-body'] as const)('a path can answer with a %s', async (fault) => {
  receiver.answer('/a', [{ fault, body: 'half' }]);
  await expect(post('/a').then((answer) => answer.text())).rejects.toThrow();
  expect(receiver.received('/a')).toHaveLength(1);
  await expect.poll(() => receiver.inFlight('/a')).toBe(0);
});

test('a path can hang until it is released', async () => {
  receiver.answer('/a', [{ fault: 'hang' }]);
  const answer = post('/a');
  await receiver.requests('/a', 1);
  await expect.poll(() => receiver.inFlight('/a')).toBe(1);
  receiver.release({ status: 202 });
  expect((await answer).status).toBe(202);
});

test('requests in flight are counted for each path, with the most there were', async () => {
  receiver.answer('/a', [], { delayMs: 50 });
  await Promise.all([post('/a'), post('/a'), post('/a'), post('/b')]);
  await post('/a');
  expect(receiver.mostInFlight('/a')).toBe(3);
  expect(receiver.mostInFlight('/b')).toBe(1);
  expect(receiver.inFlight('/a')).toBe(0);
});

test('waiting for requests ends when they have come', async () => {
  const both = receiver.requests('/a', 2);
  await post('/a', '1');
  await post('/a', '2');
  expect((await both).map(({ body }) => body.toString())).toEqual(['1', '2']);
});

test('a wait that times out lists the requests that arrived instead', async () => {
  await post('/a');
  await post('/b');
  await expect(receiver.requests('/a', 2, 20)).rejects.toThrow(
    '/a got 1 request(s) (elsewhere: /b 1) within 20 ms, not 2',
  );
});

test('a request that is cut off does not count', async () => {
  const half = request(`${receiver.url}/a`, { method: 'POST', headers: { 'content-length': 100 } });
  half.on('error', () => {});
  half.write('half');
  await expect.poll(() => receiver.inFlight('/a')).toBe(1);
  half.destroy();
  await expect.poll(() => receiver.inFlight('/a')).toBe(0);
  expect(receiver.received()).toEqual([]);
});
