import { describe, expect, test } from 'vitest';
import { misfit, type Numbers } from '#lib/build/fits.ts';

const FITTING: Numbers = {
  deliverTimeoutSeconds: 60,
  deliveriesVisibilitySeconds: 360,
  routeTimeoutSeconds: 40,
  messagesVisibilitySeconds: 240,
  largestReadTimeoutMs: 30_000,
  allowedCidrs: '',
};

test('the defaults fit', () => expect(misfit(FITTING)).toBeUndefined());

describe('packaging is refused in one sentence that names the parameter', () => {
  test.each<[string, Partial<Numbers>, Partial<Numbers>]>([
    ['largestReadTimeoutMs', { largestReadTimeoutMs: 50_001 }, { largestReadTimeoutMs: 50_000 }],
    [
      'deliveriesVisibilitySeconds',
      { deliveriesVisibilitySeconds: 359 },
      { deliveriesVisibilitySeconds: 360 },
    ],
    ['messagesVisibilitySeconds', { messagesVisibilitySeconds: 39 }, { messagesVisibilitySeconds: 40 }],
    ['messagesVisibilitySeconds', { messagesVisibilitySeconds: 300 }, { messagesVisibilitySeconds: 299 }],
    ['allowedCidrs', { allowedCidrs: '10.0.0.0' }, { allowedCidrs: '10.0.0.0/8, fd00::/8' }],
    ['allowedCidrs', { allowedCidrs: '10.0.0.0/8,127.0.0.0/8' }, {}],
    ['allowedCidrs', { allowedCidrs: '169.254.169.254/32' }, {}],
    ['allowedCidrs', { allowedCidrs: '::1/128' }, {}],
    ['allowedCidrs', { allowedCidrs: 'fe80::/10' }, {}],
    ['allowedCidrs', { allowedCidrs: '0.0.0.0/0' }, {}],
  ])('%s: %o', (name, misfitting, fitting) => {
    const fault = misfit({ ...FITTING, ...misfitting });
    expect(fault).toContain(name);
    expect(fault?.match(/\.(\s|$)/g)).toHaveLength(1);
    expect(misfit({ ...FITTING, ...fitting })).toBeUndefined();
  });
});
