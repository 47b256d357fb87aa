// A message whose headers are larger than an item of DynamoDB, for two subscriptions of a topic: neither stops because of it.
import { expect, test } from 'vitest';
import { delivered, MINUTE, NOTHING, remains } from '#test/support/moments.ts';
import { createWorld, URLS } from '#test/support/world.ts';

test.each([100_000, 500_000, 850_000])(
  'a message with %i bytes of headers waits in the backlog',
  async (bytes) => {
    const world = createWorld();
    world.put('acme');
    world.put('other');
    let isDown = true;
    world.script.answer = () => ({ status: isDown ? 503 : 200 });
    const headers = JSON.stringify({ 'x-large': 'x'.repeat(bytes), 'x-small': '1' });
    for (const id of ['m1', 'm2', 'm3']) {
      const attributes = { topic: 'orders', id, ...(id === 'm1' && { headers }) };
      world.memory.put(URLS.messagesFifo, { body: `"${id}"`, attributes, group: 'orders' });
    }
    world.mappings.get(URLS.messagesFifo)?.kick();
    world.sweepEveryMinute();
    await world.pass(MINUTE);
    for (const id of ['acme', 'other']) expect(world.entries(id)).toHaveLength(3);
    isDown = false;
    await world.pass(30 * MINUTE);
    for (const id of ['acme', 'other']) {
      expect(delivered(world, id)).toEqual(['m1', 'm2', 'm3']);
      expect(await remains(world, id)).toEqual(NOTHING);
    }
    expect(world.counts.get('HeadersDropped')).toBeGreaterThan(0);
  },
);
