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
  drainSliceSeconds: 5,
  outageFirstWaitSeconds: 2,
  outageLongestWaitSeconds: 900,
  longestRetryAfterSeconds: 21_600,
  mostRetryHops: 100,
  mostRedriveRounds: 10,
  aloneAtReceives: 3,
  crashingAtStarts: 3,
  faultFirstWaitSeconds: 5,
  faultLongestWaitSeconds: 60,
  responseCapBytes: 65_536,
  excerptBytes: 1_024,
  secretCacheSeconds: 300,
  configCacheSeconds: 5,
  backlogRetentionDays: 21,
  claimsLiveDays: 28,
  unsubscribedAfterMinutes: 60,
  bridgeRetentionDays: 14,
  logRetentionDays: 30,
  memoryMb: 512,
  redriveMemoryMb: 1024,
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
    ['retentionSeconds', { retentionSeconds: 360 }, { retentionSeconds: 3_600 }],
    ['drainBudget', { drainBudget: 201 }, { drainBudget: 200 }],
    ['backlogRetentionDays', { backlogRetentionDays: 28 }, { backlogRetentionDays: 27 }],
    ['claimsLiveDays', { claimsLiveDays: 21 }, { claimsLiveDays: 22 }],
    ['outageFirstWaitSeconds', { outageFirstWaitSeconds: 901 }, { outageFirstWaitSeconds: 900 }],
    ['faultFirstWaitSeconds', { faultFirstWaitSeconds: 61 }, { faultFirstWaitSeconds: 60 }],
    [
      'outageLongestWaitSeconds',
      { outageLongestWaitSeconds: 86_400, backlogRetentionDays: 1 },
      { outageLongestWaitSeconds: 86_399, backlogRetentionDays: 1 },
    ],
    [
      'longestRetryAfterSeconds',
      { longestRetryAfterSeconds: 172_800, backlogRetentionDays: 2 },
      { longestRetryAfterSeconds: 172_799, backlogRetentionDays: 2 },
    ],
    [
      'faultLongestWaitSeconds',
      { faultLongestWaitSeconds: 3_000, retentionSeconds: 3_000 },
      { faultLongestWaitSeconds: 2_999, retentionSeconds: 3_000 },
    ],
    ['drainSliceSeconds', { drainSliceSeconds: 51 }, { drainSliceSeconds: 50 }],
    ['aloneAtReceives', { retentionSeconds: 2_160 }, { retentionSeconds: 2_161 }],
    ['crashingAtStarts', { crashingAtStarts: 100, retentionSeconds: 37_080 }, { crashingAtStarts: 100 }],
    [
      'excerptBytes',
      { excerptBytes: 16_384, responseCapBytes: 16_383 },
      { excerptBytes: 16_384, responseCapBytes: 16_384 },
    ],
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
    ['memoryMb', '128'],
    ['lagSeconds', ''],
    ['outageFirstWaitSeconds', '0'],
    ['outageLongestWaitSeconds', '86401'],
    ['longestRetryAfterSeconds', '6h'],
    ['mostRetryHops', '0'],
    ['mostRedriveRounds', '0'],
    ['aloneAtReceives', '1'],
    ['crashingAtStarts', '0'],
    ['faultFirstWaitSeconds', '0'],
    ['faultLongestWaitSeconds', '3601'],
    ['drainSliceSeconds', '61'],
    ['responseCapBytes', '16383'],
    ['excerptBytes', '16385'],
    ['configCacheSeconds', '0'],
    ['claimsLiveDays', '0'],
    ['unsubscribedAfterMinutes', '9'],
  ])('%s=%j by itself', (name, value) => {
    const given = { ...FITTING, [name]: value };
    const parsed = numbersSchema.safeParse(given);
    expect(parsed.success).toBe(false);
    const fault = parsed.error && faultIn(parsed.error, given);
    expect(fault).toContain(`${name} (${JSON.stringify(value)}) must be `);
    isOneSentence(fault);
  });
});

test('excerptBytes may be 0', () => {
  expect(numbersSchema.parse({ ...FITTING, excerptBytes: '0' }).excerptBytes).toBe(0);
});

test('parameters of the command line are texts, and read as the numbers that they are', () => {
  const texts = Object.fromEntries(Object.entries(FITTING).map(([name, value]) => [name, String(value)]));
  expect(numbersSchema.parse(texts)).toEqual(FITTING);
});
