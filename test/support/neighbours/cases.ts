// The tests of some offenders, for a file that chooses which.
import { describe, test } from 'vitest';
import { expectHealthyBeside } from './healthy.ts';
import type { Offender } from './offender.ts';

/** Defines a test for each offender but those that only the benchmark, or another platform, has. */
export function testBeside(offenders: readonly Offender[]): void {
  const cases = offenders.filter(
    ({ onlyMeasured = false, onlyOn = process.platform }) => !onlyMeasured && onlyOn === process.platform,
  );
  describe('healthy subscriptions get every message once and are never paused', () => {
    test.for(cases.map((offender) => [offender.name, offender] as const))('beside %s', ([, offender]) =>
      expectHealthyBeside(offender),
    );
  });
}
