// The stage's alarms as they were deployed: each goes on when its metric is over its threshold, and stands on a queue, a function
// or a metric that there is.
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  type MetricAlarm,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { beforeAll, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { alarms } from '#lib/build/alarms.ts';
import { STAGE } from '#test/support/deploy-once.ts';
import { type Deployed, lookAtStage, until } from '#test/support/deployed.ts';

const endpoint = inject('endpointUrl');
const NAME = `webhooks-${STAGE}-`;
const expected = alarms({ route: 150, deliver: 200, bridge: 20 });

let stage: Deployed;
let cloudWatch: CloudWatchClient;
let deployed: MetricAlarm[];
beforeAll(async () => {
  stage = await lookAtStage(endpoint, STAGE);
  cloudWatch = new CloudWatchClient(stage.config);
  deployed = await alarmsNow();
});

async function alarmsNow(): Promise<MetricAlarm[]> {
  const { MetricAlarms = [] } = await cloudWatch.send(
    new DescribeAlarmsCommand({ AlarmNamePrefix: NAME, MaxRecords: 100 }),
  );
  return MetricAlarms;
}

const deployedAs = (name: string): MetricAlarm => {
  const alarm = deployed.find(({ AlarmName }) => AlarmName === `${NAME}${name}`);
  if (alarm === undefined) throw new Error(`There is no alarm ${NAME}${name}`);
  return alarm;
};

const dimensionsOf = ({ Dimensions = [] }: MetricAlarm): Record<string, string> =>
  Object.fromEntries(Dimensions.map(({ Name = '', Value = '' }) => [Name, Value]));

test('every alarm and the dashboard are there', async () => {
  expect(deployed.map(({ AlarmName }) => AlarmName).sort()).toEqual(
    expected.map(({ name }) => `${NAME}${name}`).sort(),
  );
  const { DashboardBody = '' } = await cloudWatch.send(
    new GetDashboardCommand({ DashboardName: `webhooks-${STAGE}` }),
  );
  expect(JSON.parse(DashboardBody).widgets.length).toBeGreaterThan(expected.length);
});

test.each(expected.map(({ name }) => name))(
  '%s goes on when its metric passes its threshold',
  async (name) => {
    const {
      Namespace,
      MetricName,
      Dimensions,
      Threshold = Number.NaN,
      ComparisonOperator,
    } = deployedAs(name);
    // The emulator adds up the invocations of all functions, whatever the dimensions: so many are taken away.
    const Value = ComparisonOperator === 'LessThanThreshold' ? -1_000_000 : Threshold + 1;
    await cloudWatch.send(
      new PutMetricDataCommand({
        Namespace,
        MetricData: [{ MetricName, Dimensions, Value, Timestamp: new Date() }],
      }),
    );
    await until(`the alarm ${name}`, async () => {
      const now = (await alarmsNow()).find(({ AlarmName }) => AlarmName === `${NAME}${name}`);
      return now?.StateValue === 'ALARM' ? true : undefined;
    });
  },
);

test('those of queues and functions name queues and functions of the stage', () => {
  const queues = Object.values(stage.outputs)
    .filter((value) => value.startsWith('http'))
    .map((url) => url.split('/').at(-1));
  for (const alarm of deployed) {
    const { QueueName, FunctionName } = dimensionsOf(alarm);
    if (alarm.Namespace === 'AWS/SQS') expect(queues).toContain(QueueName);
    if (alarm.Namespace === 'AWS/Lambda')
      expect(FunctionName).toMatch(new RegExp(`^${NAME}(route|deliver|bridge|resume|redrive)$`));
  }
});

const metricLine = z.object({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

/** The metrics that a function's log has told CloudWatch of, with the values of their dimensions. */
async function toldBy(functionName: string) {
  const { events = [] } = await new CloudWatchLogsClient(stage.config).send(
    new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${NAME}${functionName}` }),
  );
  return events.flatMap(({ message = '' }) => {
    if (!message.startsWith('{"_aws"')) return [];
    const line: Record<string, unknown> = JSON.parse(message);
    return metricLine.parse(line)._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
      Metrics.map(({ Name }) => ({
        Namespace,
        MetricName: Name,
        Dimensions: Object.fromEntries((Dimensions[0] ?? []).map((name) => [name, line[name]])),
      })),
    );
  });
}

test("custom metrics come from the functions' log lines: of a missing endpoint, of a sweep", async () => {
  await stage.put('EndpointsTableName', {
    name: 'gone',
    type: 'sqs',
    configuration: { queueArn: 'arn:aws:sqs:us-east-1:000000000000:gone' },
  });
  await stage.put('SubscriptionsTableName', {
    id: 'to-gone',
    topic: 'to-gone',
    dlq: { endpoint: 'gone' },
    // Nothing listens there, and nothing is tried again: a dead letter at once.
    configuration: {
      callbackUrl: 'http://127.0.0.1:9/',
      retry: { retryOption: 'No Retry' },
      interruptConsumptionOnException: false,
    },
  });
  await stage.publish('{}', { topic: 'to-gone' });
  const own = deployed.filter(({ Namespace }) => Namespace === 'SqsWebhooks');
  expect(own).toHaveLength(4);
  for (const alarm of own) {
    const { function: functionName = '' } = dimensionsOf(alarm);
    const wanted = {
      Namespace: alarm.Namespace,
      MetricName: alarm.MetricName,
      Dimensions: dimensionsOf(alarm),
    };
    await until(
      `${alarm.MetricName} from ${functionName}`,
      async () =>
        (await toldBy(functionName)).some((told) => JSON.stringify(told) === JSON.stringify(wanted))
          ? true
          : undefined,
      { withinMs: 120_000, explain: () => stage.logOf(functionName) },
    );
  }
});
