import { describe, expect, test } from 'vitest';
import { faultIn, misfit, unknownParameter } from '#lib/build/capacity-check.ts';
import { PARAMETERS, type ParameterValues, parametersSchema } from '#lib/deployment/parameters.ts';
import { givenWith, parametersWith } from '#test/support/parameters.ts';

const FITTING = parametersWith();

const isOneSentence = (text: string | undefined) => expect(text?.match(/\.(\s|$)/g)).toHaveLength(1);

test('the defaults fit', () => expect(misfit(FITTING)).toBeUndefined());

describe('packaging is refused in one sentence that names the parameter', () => {
  test.each<[string, Partial<ParameterValues>, Partial<ParameterValues>]>([
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
    ['drainBudget', { drainBudget: 201 }, { drainBudget: 160 }],
    ['slowDrainBudget', { slowDrainBudget: 161 }, { slowDrainBudget: 160 }],
    [
      'sharedSecretPrefixes',
      { sharedSecretPrefixes: ['webhooks/dev/tenants/retail'] },
      { sharedSecretPrefixes: ['webhooks/dev/x', 'webhooks/dev/tenants2', 'company/tenants'] },
    ],
    [
      'sharedSecretPrefixes',
      { sharedSecretPrefixes: ['company/ca', 'webhooks/dev/endpoints'] },
      { sharedSecretPrefixes: ['company/ca'] },
    ],
    [
      'sharedSecretPrefixes',
      { sharedSecretPrefixes: ['webhooks/dev'] },
      { sharedSecretPrefixes: ['webhooks/dev2', 'webhooks/de'] },
    ],
    [
      'sharedSecretPrefixes',
      { sharedSecretPrefixes: ['webhooks'] },
      { sharedSecretPrefixes: ['webhook', 'web'] },
    ],
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
    ['10.20.0.0/16,127.0.0.0/8', '10.20.0.0/16,'],
    ['169.254.169.254/32', ''],
    ['::1/128', 'fd12:3456::/32'],
    ['10.20.0.0/16,10.0.0.0/8', '10.20.0.0/16'],
    ['fc00::/7', 'fd00::/9'],
    ['172.0.0.0/6', '172.16.0.0/13'],
    ['fe80::/10', ''],
    ['0.0.0.0/0', ''],
  ])('allowedCidrs: %s', (misfitting, fitting) => {
    const fault = misfit(parametersWith({ allowedCidrs: misfitting }));
    expect(fault).toContain('allowedCidrs');
    isOneSentence(fault);
    expect(misfit(parametersWith({ allowedCidrs: fitting }))).toBeUndefined();
  });

  test('a whole private range only where the deployment says so', () => {
    for (const allowedCidrs of ['10.0.0.0/8', 'fd00::/8', '10.0.0.0/7', '10.0.0.0/9,10.128.0.0/9']) {
      expect(misfit(parametersWith({ allowedCidrs }))).toContain('allowWholePrivateRanges');
      expect(misfit(parametersWith({ allowedCidrs, allowWholePrivateRanges: 'true' }))).toBeUndefined();
    }
    const all = { allowedCidrs: '0.0.0.0/0', allowWholePrivateRanges: 'true' };
    expect(misfit(parametersWith(all))).toContain('loopback');
  });

  test('subnets without security groups', () => {
    const fault = misfit(parametersWith({ vpcSubnetIds: 'subnet-0a1b2c3d' }));
    expect(fault).toContain('vpcSecurityGroupIds');
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
    ['logLevel', 'info'],
    ['logLevel', 'VERBOSE'],
    ['eventBus', 'arn:aws:events:us-east-1:123456789012:event-bus/mine'],
    ['bridgeMskCluster', 'arn:aws:kafka:us-east-1:123456789012:cluster/mine/1'],
    ['allowedCidrs', '10.0.0.0'],
    ['allowedCidrs', '10.20.30.40/8'],
  ])('%s=%j by itself', (name, value) => {
    const given = givenWith({ [name]: value });
    const parsed = parametersSchema().safeParse(given);
    expect(parsed.success).toBe(false);
    const fault = parsed.error && faultIn(parsed.error, given);
    expect(fault).toContain(`${name} (${JSON.stringify(value)}) must be `);
    isOneSentence(fault);
  });
});

test.each([
  ['keepdata=true', 'There is no parameter "keepdata": did you mean keepData?'],
  ['lag-seconds=4', 'There is no parameter "lag-seconds": did you mean lagSeconds?'],
  ['colour=red', 'There is no parameter "colour": OPERATORS.md has a table of all of them.'],
])('--param %s is refused', (given, sentence) => {
  expect(unknownParameter(['lagSeconds=3', given])).toBe(sentence);
});

test('every parameter of the table is known', () => {
  expect(unknownParameter(Object.keys(PARAMETERS).map((name) => `${name}=x=y`))).toBeUndefined();
});
