import { expect, test } from 'vitest';
import { examine } from '#lib/doctor/examine.ts';
import { awsError, createFakeStage, type FakeStage } from '#test/support/fake-stage.ts';

const look = ({ options, deps }: FakeStage, more: Partial<FakeStage['options']> = {}) =>
  examine({ ...options, ...more }, deps);

test('a whole stage has no findings, and everything was looked at', async () => {
  const report = await look(createFakeStage());
  expect(report.findings).toEqual([]);
  expect(report.notLookedAt).toEqual([]);
});

test.each([
  ['a VPC', { vpcSubnetIds: 'subnet-0a1b2c3d', vpcSecurityGroupIds: 'sg-0a1b2c3d' }, /no VPC/],
  ['a key', { kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1' }, /own key|KMSMasterKeyId/i],
])('parameters of %s change what the stage should be', async (_, parameters, missing) => {
  const whole = createFakeStage();
  whole.answers.GetTemplate = createFakeStage(parameters).answers.GetTemplate as never;
  const { findings } = await look(whole);
  expect(findings.map(({ what }) => what).join('\n')).toMatch(missing);
});

test('each question that these credentials may not ask is not looked at, by its right, and the others are', async () => {
  const operations = Object.keys(createFakeStage().answers);
  for (const operation of operations) {
    const stage = createFakeStage();
    stage.answers[operation] = () => {
      throw awsError('AccessDeniedException');
    };
    const { findings, notLookedAt, looks } = await look(stage);
    expect(findings, operation).toEqual([]);
    expect(looks, operation).toBeGreaterThan(5);
    // A role's name may come from the functions, and a function's parameters from the stack.
    if (operation === 'ListStackResources') expect(notLookedAt).toHaveLength(1);
    else expect(notLookedAt.length, operation).toBeGreaterThan(0);
    expect(JSON.stringify(notLookedAt)).toMatch(/lack the right [a-z-]+:\w+/i);
  }
});

test('an emulated AWS without an operation is said, once for all that it answers in no other way', async () => {
  const stage = createFakeStage();
  stage.answers.GetFunctionRecursionConfig = () => {
    throw awsError('UnknownOperationException');
  };
  const { notLookedAt } = await look(stage, { endpointUrl: 'http://127.0.0.1:4566' });
  expect(new Set(notLookedAt.map(({ why }) => why))).toEqual(
    new Set(['this emulated AWS does not answer it']),
  );
});

test('credentials that AWS does not know end it, since nothing can be looked at', async () => {
  const stage = createFakeStage();
  stage.answers.DescribeStacks = () => {
    throw awsError('ExpiredTokenException');
  };
  await expect(look(stage)).rejects.toThrow('ExpiredTokenException');
});

test('a stage of which nothing exists is no stage with many faults', async () => {
  const stage = createFakeStage();
  const gone = (name: string, message?: string) => () => {
    throw awsError(name, message);
  };
  stage.answers.DescribeStacks = gone('ValidationError', 'Stack with id webhooks-dev does not exist');
  stage.answers.GetQueueUrl = gone('QueueDoesNotExist');
  stage.answers.GetFunctionConfiguration = gone('ResourceNotFoundException');
  await expect(look(stage)).rejects.toThrow('There is no stage dev here');
});

test('an AWS that answers nothing is an error, and not a stage without findings', async () => {
  const stage = createFakeStage();
  for (const operation of Object.keys(stage.answers)) {
    stage.answers[operation] = () => {
      throw awsError('AccessDenied');
    };
  }
  await expect(look(stage)).rejects.toThrow('AWS answered no question');
});

test('a bug of the doctor is thrown, and not taken for a missing right', async () => {
  const stage = createFakeStage();
  stage.answers.DescribeAlarms = () => {
    throw new TypeError('a bug');
  };
  await expect(look(stage)).rejects.toThrow('a bug');
});

const older = (stage: FakeStage) => {
  stage.answers.GetTemplate = () => ({ TemplateBody: '{"Resources":{}}' });
  return stage;
};

test('a stage that does not say its parameters is judged by those that its functions have', async () => {
  const { findings } = await look(older(createFakeStage({ lagSeconds: 77, configCacheSeconds: 5 })));
  expect(findings.map(({ check, severity }) => [check, severity])).toEqual([['stack', 'warning']]);
});

test('--param gives what an older stage can not say', async () => {
  const stage = older(createFakeStage({ routeTimeoutSeconds: 33 }));
  const without = await look(stage);
  expect(without.findings.map(({ what }) => what)).toContainEqual(
    expect.stringContaining('The timeout is 33 instead of 40'),
  );
  const { findings } = await look(stage, { asked: { routeTimeoutSeconds: '33' } });
  expect(findings.map(({ check }) => check)).toEqual(['stack']);
});

test('a queue that others may use as their dead-letter queue is named', async () => {
  const stage = createFakeStage();
  const before = stage.answers.GetQueueAttributes;
  stage.answers.GetQueueAttributes = (input) => {
    const { Attributes } = Object(before?.(input));
    const allow = input.QueueUrl?.endsWith('-retries')
      ? { RedriveAllowPolicy: '{"redrivePermission":"allowAll"}' }
      : {};
    return { Attributes: { ...Attributes, ...allow } };
  };
  const { findings } = await look(stage);
  expect(findings.map(({ check, where, what }) => [check, where, what])).toEqual([
    ['queues', 'webhooks-dev-retries', expect.stringContaining('put forged messages on it')],
  ]);
});

test('another version, and code that was replaced, are named', async () => {
  const stage = createFakeStage();
  const before = stage.answers.GetFunctionConfiguration;
  stage.answers.GetFunctionConfiguration = (input) => ({
    ...Object(before?.(input)),
    ...(input.FunctionName?.endsWith('-deliver') && { CodeSha256: 'other' }),
  });
  const { findings } = await look(stage, { version: '1.3.0' });
  expect(findings.map(({ check, what }) => [check, what])).toEqual([
    ['stack', 'The stack was deployed by version 1.2.3, and this is 1.3.0.'],
    ['functions', expect.stringContaining('somebody has replaced it')],
  ]);
});

test.each(['ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_FAILED', 'CREATE_FAILED', 'UPDATE_ROLLBACK_COMPLETE'])(
  'a deployment that ended as %s is named',
  async (StackStatus) => {
    const stage = createFakeStage();
    stage.answers.DescribeStacks = () => ({
      Stacks: [{ StackId: 'arn:aws:cloudformation:eu-central-1:123456789012:stack/x/1', StackStatus }],
    });
    const { findings } = await look(stage);
    expect(findings).toMatchObject([{ check: 'stack', what: expect.stringContaining(StackStatus) }]);
  },
);

test('what IAM denies beside the policies of the role is named: a boundary, the organisation', async () => {
  const stage = createFakeStage();
  stage.answers.SimulatePrincipalPolicy = ({ ActionNames }) => ({
    EvaluationResults: [ActionNames].flat().map((EvalActionName) => ({
      EvalActionName,
      EvalDecision: EvalActionName === 'events:PutEvents' ? 'explicitDeny' : 'allowed',
    })),
  });
  const { findings } = await look(stage);
  expect(findings.map(({ where, what }) => [where, what])).toEqual(
    ['DeliverRole', 'ResumeRole'].map((role) => [
      expect.stringContaining(role),
      expect.stringMatching(/^IAM denies the role: events:PutEvents on .* \(explicitDeny\)\.$/),
    ]),
  );
});

test('an account with too little concurrency, and a queue near its limits, are warnings', async () => {
  const stage = createFakeStage();
  stage.answers.GetAccountSettings = () => ({ AccountLimit: { UnreservedConcurrentExecutions: 10 } });
  const before = stage.answers.GetQueueAttributes;
  stage.answers.GetQueueAttributes = (input) => {
    const { Attributes } = Object(before?.(input));
    return { Attributes: { ...Attributes, ApproximateNumberOfMessagesNotVisible: '110000' } };
  };
  const { findings } = await look(stage);
  expect(findings.filter(({ check }) => check === 'capacity')).toMatchObject([
    { severity: 'warning', what: expect.stringContaining('10 left') },
  ]);
  expect(findings.filter(({ what }) => what.startsWith('110000 messages are in flight'))).toHaveLength(6);
});

test.each([
  [
    'another function reads the queue',
    { FunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:x' },
    /Another function reads/,
  ],
  ['a filter', { FilterCriteria: { Filters: [{ Pattern: '{}' }] } }, /has filters/],
  ['a batch of one', { BatchSize: 1 }, /^BatchSize is 1 instead of/],
  ['no limit', { ScalingConfig: undefined }, /^MaximumConcurrency is not set/],
])('of an event source mapping: %s', async (_, change, what) => {
  const stage = createFakeStage();
  const before = stage.answers.ListEventSourceMappings;
  stage.answers.ListEventSourceMappings = (input) => ({
    EventSourceMappings: Object(before?.(input)).EventSourceMappings.map((one: object) => ({
      ...one,
      ...change,
    })),
  });
  const { findings } = await look(stage);
  expect(findings.every(({ check }) => check === 'mappings')).toBe(true);
  expect(findings.filter((one) => what.test(one.what))).toHaveLength(5);
});

test('an event bus that does not exist is named', async () => {
  const stage = createFakeStage({ eventBus: 'ours' });
  stage.answers.DescribeEventBus = () => ({ Name: 'ours' });
  expect((await look(stage)).findings).toEqual([]);
  stage.answers.DescribeEventBus = () => {
    throw awsError('ResourceNotFoundException');
  };
  expect((await look(stage)).findings).toMatchObject([{ check: 'parameters', where: 'ours' }]);
});

const item = (id: string, callbackUrl: string) => ({ id, topic: 't', configuration: { callbackUrl } });

test('of thousands of subscriptions each name is looked up once, two thousand at most, and not all at once', async () => {
  const stage = createFakeStage();
  for (let n = 0; n < 2_100; n++) {
    stage.put('subscriptionsTable', item(`a${n}`, `https://n${n}.example/`));
    stage.put('subscriptionsTable', item(`b${n}`, `https://n${n}.example/other`));
  }
  let running = 0;
  let most = 0;
  const asked: string[] = [];
  const lookup = async (host: string) => {
    asked.push(host);
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return host === 'n7.example' ? [] : [{ address: '93.184.216.34', family: 4 }];
  };
  const progress: [string, number][] = [];
  const report = await examine(stage.options, {
    ...stage.deps,
    lookup,
    onProgress: (what, done) => progress.push([what, done]),
  });
  expect(asked.length).toBe(2_000);
  expect(new Set(asked).size).toBe(2_000);
  expect(most).toBeLessThanOrEqual(16);
  expect(report.findings.map(({ check }) => check)).toEqual(asked.includes('n7.example') ? ['names'] : []);
  expect(report.notLookedAt).toEqual([
    { check: 'names', what: '100 of 2100 host names', why: 'the doctor looks up 2000' },
  ]);
  expect(progress).toContainEqual(['Reading the items', 4_200]);
  expect(progress).toContainEqual(['Looking up the host names', 2_000]);
});

test.each([
  ['a private address', '10.0.0.7', {}, 1],
  ['a private address that the deployment allows', '10.0.0.7', { allowedCidrs: '10.0.0.0/16' }, 0],
  ['an address of the machine', '169.254.169.254', {}, 1],
])('a callback whose name leads to %s', async (_, address, parameters, count) => {
  const stage = createFakeStage(parameters);
  stage.put('subscriptionsTable', item('one', 'https://inner.example/'));
  const { findings } = await examine(stage.options, {
    ...stage.deps,
    lookup: async () => [{ address, family: 4 }],
  });
  expect(findings.filter(({ check }) => check === 'names')).toHaveLength(count);
});

test('secrets that these credentials may not read are counted, and are no findings', async () => {
  const stage = createFakeStage();
  for (const id of ['one', 'two'])
    stage.put('subscriptionsTable', {
      id,
      topic: 't',
      configuration: {
        callbackUrl: 'https://a.example/',
        auth: { type: 'basic', secret: `webhooks/dev/${id}` },
      },
    });
  stage.answers.GetSecretValue = () => {
    throw awsError('AccessDeniedException');
  };
  const { findings, notLookedAt } = await look(stage);
  expect(findings).toEqual([]);
  expect(notLookedAt).toMatchObject([{ check: 'secrets', what: '2 secrets' }]);
});

test.each([
  ['ahead', 400_000, 'error'],
  ['behind', -120_000, 'warning'],
])('a clock that is %s of that of AWS', async (_, ms, severity) => {
  const stage = createFakeStage();
  const now = stage.deps.now() + Number(ms);
  const { findings } = await examine(stage.options, { ...stage.deps, now: () => now });
  expect(findings).toMatchObject([{ check: 'clock', severity }]);
});
