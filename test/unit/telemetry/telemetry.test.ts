// What CloudWatch reads of a function's standard output: log lines, and metrics in its embedded format.
import type { Context } from 'aws-lambda';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTelemetry, type TelemetryOptions, telemetryMiddleware } from '#lib/telemetry/telemetry.ts';

function telemetry(level: TelemetryOptions['level'] = 'INFO') {
  const lines: Record<string, unknown>[] = [];
  let writes = 0;
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((text) => {
      writes += 1;
      for (const line of String(text).split('\n')) if (line !== '') lines.push(JSON.parse(line));
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
  return { ...createTelemetry('deliver', { stage: 'dev', level }), lines, writes: () => writes };
}

const directive = (name: string, dimensions: string[], metrics: Record<string, string>) => ({
  Timestamp: expect.any(Number),
  CloudWatchMetrics: [
    {
      Namespace: name,
      Dimensions: [dimensions],
      Metrics: Object.entries(metrics).map(([Name, Unit]) => ({ Name, Unit })),
    },
  ],
});

test('counts are summed, values kept one by one, by function and stage alone', () => {
  const { count, measure, flush, lines } = telemetry();
  count('Attempts');
  count('Attempts', 2);
  measure('AttemptDuration', 12);
  measure('AttemptDuration', 40);
  measure('BacklogOldestAge', 7);
  flush();
  expect(lines).toEqual([
    {
      _aws: directive('SqsWebhooks', ['function', 'stage'], {
        Attempts: 'Count',
        AttemptDuration: 'Milliseconds',
        BacklogOldestAge: 'Seconds',
      }),
      function: 'deliver',
      stage: 'dev',
      Attempts: 3,
      AttemptDuration: [12, 40],
      BacklogOldestAge: 7,
    },
  ]);
  flush();
  expect(lines).toHaveLength(1);
});

test('more than a hundred values go in several lines, none of them twice', () => {
  const { measure, count, flush, lines } = telemetry();
  const values = Array.from({ length: 250 }, (_, index) => index);
  count('Attempts', 250);
  for (const value of values) measure('AttemptDuration', value);
  flush();
  const each = lines.map(({ AttemptDuration }) => AttemptDuration);
  expect(each.every((some) => Array.isArray(some) && some.length <= 100)).toBe(true);
  expect(each.flat()).toEqual(values);
  expect(lines.map(({ Attempts }) => Attempts).filter((some) => some !== undefined)).toEqual([250]);
});

test("a subscription's own metrics are beside those of all, each line with its dimension", () => {
  const { count, meterOf, flush, lines } = telemetry();
  count('Attempts', 120);
  for (let value = 0; value < 120; value++) meterOf('acme').measure('AttemptDuration', value);
  meterOf('other').count('Attempts');
  flush();
  expect(lines[0]).toMatchObject({ Attempts: 120 });
  expect(lines[0]).not.toHaveProperty('subscription');
  const [first, second] = lines.filter(({ subscription }) => subscription === 'acme');
  for (const line of [first, second]) {
    expect(line?._aws).toEqual(
      directive('SqsWebhooks', ['function', 'stage', 'subscription'], { AttemptDuration: 'Milliseconds' }),
    );
  }
  expect([first?.AttemptDuration, second?.AttemptDuration].flat()).toHaveLength(120);
  expect(lines.at(-1)).toMatchObject({ subscription: 'other', Attempts: 1 });
});

test('every line says its function, its stage and the invocation; what is undefined is left out', () => {
  const { begin, log, lines } = telemetry();
  begin({ awsRequestId: 'r-1' } as Context);
  log.info('delivery.attempted', { subscription: 'acme', status: undefined, durationMs: 3 });
  log.error('delivery.interrupted', { error: 'TypeError' });
  expect(lines).toMatchObject([
    {
      level: 'INFO',
      message: 'delivery.attempted',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      service: 'sqs-webhooks',
      function: 'deliver',
      stage: 'dev',
      requestId: 'r-1',
      subscription: 'acme',
      durationMs: 3,
    },
    { level: 'ERROR', message: 'delivery.interrupted', requestId: 'r-1' },
  ]);
  expect(lines[0]).not.toHaveProperty('status');
});

test('a line of every level has the same keys', () => {
  const { begin, log, flush, lines } = telemetry();
  begin({ awsRequestId: 'r-1' } as Context);
  log.info('subscription.resumed', { subscription: 'acme' });
  log.warn('subscription.paused', { subscription: 'acme' });
  log.error('subscription.lost', { subscription: 'acme' });
  flush();
  const keys = ['level', 'message', 'timestamp', 'service', 'function', 'stage', 'requestId', 'subscription'];
  expect(lines.map((line) => Object.keys(line))).toEqual([keys, keys, keys]);
  expect(lines.map(({ level }) => level)).toEqual(['INFO', 'WARN', 'ERROR']);
});

test.each([
  ['TRACE', ['INFO', 'WARN', 'ERROR']],
  ['INFO', ['INFO', 'WARN', 'ERROR']],
  ['WARN', ['WARN', 'ERROR']],
  ['ERROR', ['ERROR']],
  ['CRITICAL', []],
  ['SILENT', []],
] as const)('at LOG_LEVEL %s there are lines of %j, and metrics', (level, expected) => {
  const { log, infoAll, count, flush, lines } = telemetry(level);
  log.info('delivery.attempted', {});
  infoAll('delivery.attempted', []);
  log.warn('delivery.held', {});
  log.error('delivery.interrupted', {});
  count('Attempts');
  flush();
  expect(lines.map((line) => line.level)).toEqual([...expected, undefined]);
  expect(lines.at(-1)).toMatchObject({ Attempts: 1 });
});

test('lines and metrics of an invocation are one write, and stand in the order in which they came', () => {
  const { begin, log, count, flush, lines, writes } = telemetry();
  begin({ awsRequestId: 'r-1' } as Context);
  for (const attempt of [1, 2, 3]) log.info('delivery.attempted', { attempt });
  count('Attempts', 3);
  expect(lines).toEqual([]);
  flush();
  expect(lines.map(({ attempt, Attempts }) => attempt ?? Attempts)).toEqual([1, 2, 3, 3]);
  expect(writes()).toBe(1);
});

test('a warning comes after the lines before it', () => {
  const { log, lines, flush } = telemetry();
  log.info('delivery.attempted', {});
  log.warn('delivery.held', {});
  log.info('delivery.attempted', {});
  flush();
  expect(lines.map(({ message }) => message)).toEqual([
    'delivery.attempted',
    'delivery.held',
    'delivery.attempted',
  ]);
});

test('an invocation that ends with an error writes its lines', () => {
  const made = telemetry();
  const { onError } = telemetryMiddleware(made);
  made.log.info('delivery.attempted', {});
  void onError?.({} as never);
  expect(made.lines).toMatchObject([{ message: 'delivery.attempted' }]);
});
