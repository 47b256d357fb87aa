import { describe, test } from 'vitest';
import { expectHealthyBeside } from '#test/support/neighbours/healthy.ts';
import { OFFENDERS } from '#test/support/neighbours/offenders.ts';

describe('healthy subscriptions get every message once and are never paused', () => {
  test.for(OFFENDERS.map((offender) => [offender.name, offender] as const))('beside %s', ([, offender]) =>
    expectHealthyBeside(offender),
  );
});
