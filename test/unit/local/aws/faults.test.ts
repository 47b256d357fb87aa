import { expect, it } from 'vitest';
import { createFaults } from '#lib/local/aws/faults.ts';

it('a fault hits the next call of its operation once, unless told how often', () => {
  const faults = createFaults();
  faults.add({ operation: 'SendMessage', kind: 'error' });
  faults.add({ operation: 'SendMessage', kind: 'throttle', times: 2 });
  expect(faults.take('DeleteMessage')).toBeUndefined();
  const kinds = [1, 2, 3, 4].map(() => faults.take('SendMessage')?.kind);
  expect(kinds).toEqual(['error', 'throttle', 'throttle', undefined]);
});

it('a fault for one queue lets the others pass', () => {
  const faults = createFaults();
  faults.add({ operation: 'SendMessage', kind: 'error', queue: 'a' });
  expect(faults.take('SendMessage', 'b')).toBeUndefined();
  expect(faults.take('SendMessage')).toBeUndefined();
  expect(faults.pending()).toBe(1);
  expect(faults.take('SendMessage', 'a')?.kind).toBe('error');
  expect(faults.pending()).toBe(0);
});

it('an endless fault hits until it is cleared', () => {
  const faults = createFaults();
  faults.add({ operation: 'SendMessage', kind: 'error', times: Number.POSITIVE_INFINITY });
  for (let call = 0; call < 100; call++) expect(faults.take('SendMessage')?.kind).toBe('error');
  faults.clear();
  expect(faults.take('SendMessage')).toBeUndefined();
});

it('entries can be refused of a batch call only', () => {
  const faults = createFaults();
  faults.add({ operation: 'SendMessageBatch', kind: 'refuse-entries', entries: ['1'] });
  expect(faults.take('SendMessageBatch')?.entries).toEqual(['1']);
  expect(() => faults.add({ operation: 'SendMessage', kind: 'refuse-entries' })).toThrow(RangeError);
});
