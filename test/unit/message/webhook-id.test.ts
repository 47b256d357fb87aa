import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idsToFind, withoutDots } from '#lib/message/webhook-id.ts';

const ids = fc.string({ minLength: 1, maxLength: 128, unit: fc.constantFrom(...'ab.%2E,/"~') });

test('every message is found by its id, and by the id in its signed request', () => {
  fc.assert(
    fc.property(ids, (id) => {
      const signed = withoutDots(id);
      expect(signed).not.toContain('.');
      expect(signed.length).toBeLessThanOrEqual(3 * id.length);
      expect(idsToFind(id)[0]).toBe(id);
      expect(idsToFind(signed)).toContain(id);
    }),
  );
});
