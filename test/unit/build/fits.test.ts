import { describe, expect, test } from 'vitest';
import { cidrsMisfit, faultIn, misfit, type Numbers, numbersSchema } from '#lib/build/fits.ts';

const FITTING: Numbers = {
  deliverTimeoutSeconds: 60,
  deliveriesVisibilitySeconds: 360,
  routeTimeoutSeconds: 40,
  messagesVisibilitySeconds: 240,
  bridgeTimeoutSeconds: 60,
  largestReadTimeoutMs: 30_000,
  retentionSeconds: 1_209_600,
  routeMaximumConcurrency: 50,
  deliverMaximumConcurrency: 200,
  bridgeMaximumConcurrency: 20,
  drainBudget: 40,
  lagSeconds: 20,
  secretCacheSeconds: 300,
  backlogRetentionDays: 21,
  bridgeRetentionDays: 14,
  logRetentionDays: 30,
};

const isOneSentence = (text: string | undefined) => expect(text?.match(/\.(\s|$)/g)).toHaveLength(1);

test('the defaults fit', () => expect(misfit(FITTING)).toBeUndefined());

describe('packaging is refused in one sentence that names the parameter', () => {
  test.each<[string, Partial<Numbers>, Partial<Numbers>]>([
    ['largestReadTimeoutMs', { largestReadTimeoutMs: 50_001 }, { largestReadTimeoutMs: 50_000 }],
    [
      'deliveriesVisibilitySeconds',
      { deliveriesVisibilitySeconds: 359 },
      { deliveriesVisibilitySeconds: 360 },
    ],
    ['bridgeTimeoutSeconds', { bridgeTimeoutSeconds: 61 }, { bridgeTimeoutSeconds: 60 }],
    ['bridgeTimeoutSeconds', { bridgeTimeoutSeconds: 29 }, { bridgeTimeoutSeconds: 30 }],
    ['messagesVisibilitySeconds', { messagesVisibilitySeconds: 39 }, { messagesVisibilitySeconds: 40 }],
    ['messagesVisibilitySeconds', { messagesVisibilitySeconds: 300 }, { messagesVisibilitySeconds: 299 }],
    ['retentionSeconds', { retentionSeconds: 360 }, { retentionSeconds: 361 }],
    ['drainBudget', { drainBudget: 201 }, { drainBudget: 200 }],
    ['backlogRetentionDays', { backlogRetentionDays: 28 }, { backlogRetentionDays: 27 }],
  ])('%s: %o', (name, misfitting, fitting) => {
    const fault = misfit({ ...FITTING, ...misfitting });
    expect(fault).toContain(name);
    isOneSentence(fault);
    expect(misfit({ ...FITTING, ...fitting })).toBeUndefined();
  });

  test.each([
    ['10.0.0.0', '10.0.0.0/8, fd00::/8'],
    ['10.0.0.0/8,127.0.0.0/8', '10.0.0.0/8,'],
    ['169.254.169.254/32', ''],
    ['::1/128', ''],
    ['fe80::/10', ''],
    ['0.0.0.0/0', ''],
  ])('allowedCidrs: %s', (misfitting, fitting) => {
    const fault = cidrsMisfit(misfitting);
    expect(fault).toContain('allowedCidrs');
    isOneSentence(fault);
    expect(cidrsMisfit(fitting)).toBeUndefined();
  });

  test.each([
    ['deliverTimeoutSeconds', '1m'],
    ['deliverTimeoutSeconds', '901'],
    ['deliverTimeoutSeconds', 0],
    ['largestReadTimeoutMs', '1e4'],
    ['deliverMaximumConcurrency', '1'],
    ['deliverMaximumConcurrency', '1001'],
    ['retentionSeconds', '1209601'],
    ['logRetentionDays', '31'],
    ['lagSeconds', ''],
  ])('%s=%j by itself', (name, value) => {
    const given = { ...FITTING, [name]: value };
    const parsed = numbersSchema.safeParse(given);
    expect(parsed.success).toBe(false);
    const fault = parsed.error && faultIn(parsed.error, given);
    expect(fault).toContain(`${name} (${JSON.stringify(value)}) must be `);
    isOneSentence(fault);
  });
});

test('parameters of the command line are texts, and read as the numbers that they are', () => {
  const texts = Object.fromEntries(Object.entries(FITTING).map(([name, value]) => [name, String(value)]));
  expect(numbersSchema.parse(texts)).toEqual(FITTING);
});
