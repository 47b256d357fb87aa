// The limit on open connections, over all pools of an environment.
import { expect, test } from 'vitest';
import { createSockets, OUT_OF_SOCKETS } from '#lib/callback/sockets.ts';

function connectionsOf(most: number) {
  const sockets = createSockets(most);
  const closed: string[] = [];
  const open = (name: string, usedAt: number, idle = true, tenant = name) => {
    const state = { idle };
    const end = sockets.add({
      tenant,
      isIdle: () => state.idle,
      usedAt: () => usedAt,
      close: () => void closed.push(name),
    });
    return { state, end };
  };
  return { sockets, closed, open };
}

test('a connection more than there may be closes the idle one that was unused for longest', () => {
  const { sockets, closed, open } = connectionsOf(3);
  open('busy', 1, false);
  open('younger', 3);
  open('older', 2);
  open('new', 4);
  expect([closed, sockets.size]).toEqual([['older'], 3]);
  open('newer', 5);
  expect([closed, sockets.size]).toEqual([['older', 'younger'], 3]);
});

test('a tenant that has most connections closes its own, also with others unused for longer', () => {
  const { closed, open } = connectionsOf(4);
  open('of a neighbour', 1);
  open('busy one of many', 2, false, 'many');
  open('first of many', 4, true, 'many');
  open('second of many', 3, true, 'many');
  for (let nth = 0; nth < 3; nth++) open(`next ${nth} of many`, 5 + nth, true, 'many');
  expect(closed).toEqual(['second of many', 'first of many', 'next 0 of many']);
});

test('a tenant whose connections all have a request on them leaves the closing to the others', () => {
  const { closed, open } = connectionsOf(3);
  open('busy', 1, false, 'many');
  open('busy too', 2, false, 'many');
  open('of a neighbour', 3);
  open('one more', 4, false, 'many');
  expect(closed).toEqual(['of a neighbour']);
});

test('where each has a request on it there is no further one, until one of them is idle or closed', () => {
  const { closed, open } = connectionsOf(2);
  const [one, two] = [open('one', 1, false), open('two', 2, false)];
  expect(() => open('three', 3)).toThrow(expect.objectContaining({ code: OUT_OF_SOCKETS }));
  two.state.idle = true;
  open('three', 3, false);
  expect(closed).toEqual(['two']);
  one.end();
  open('four', 4, false);
  // Its own close comes later, and counts once.
  two.end();
  expect(() => open('five', 5)).toThrow(expect.objectContaining({ code: OUT_OF_SOCKETS }));
});

test('where the operating system has no file left, some idle ones are closed', () => {
  const { sockets, closed, open } = connectionsOf(100);
  const all = Array.from({ length: 16 }, (_, at) => open(String(at), at, at % 2 === 0));
  expect([sockets.shed(), closed, sockets.size]).toEqual([true, ['0', '2'], 14]);
  for (const { state } of all) state.idle = false;
  expect([sockets.shed(), sockets.size]).toEqual([false, 14]);
});
