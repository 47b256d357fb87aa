import { expect, test } from 'vitest';
import { heldBodies } from '#test/faults/stored-bodies.ts';

test('the bodies of held messages are read, a long one from its parts', () => {
  const items = [
    { pk: 'held#s', sk: 'm1-00', body: 'short' },
    { pk: 'held#s', sk: 'm1-01', body: '', bodyParts: 2 },
    { pk: 'part#held#s#m1-01', sk: '01', bytes: Buffer.from('part') },
    { pk: 'part#held#s#m1-01', sk: '00', bytes: Buffer.from('first ') },
    { pk: 'lane#s#0', sk: '1#m1-02', body: 'waits' },
  ];
  expect(heldBodies(items)).toEqual([
    { subscription: 's', id: 'm1-00', body: 'short' },
    { subscription: 's', id: 'm1-01', body: 'first part' },
  ]);
});
