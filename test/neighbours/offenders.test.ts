// Each offender of the list beside healthy subscriptions, one of each quality of service.
import { describe, test } from 'vitest';
import { expectHealthyBeside } from '#test/support/neighbours/healthy.ts';
import { OFFENDERS } from '#test/support/neighbours/offenders.ts';

const CASES = OFFENDERS.filter(({ onlyMeasured = false }) => !onlyMeasured);

describe('healthy subscriptions get every message once and are never paused', () => {
  test.for(CASES.map((offender) => [offender.name, offender] as const))('beside %s', ([, offender]) =>
    expectHealthyBeside(offender),
  );
});
