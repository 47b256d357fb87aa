// The CloudWatch alarms: one row each, with its line in the runbook of OPERATORS.md. Pure. An alarm that goes on or off sends
// to the topic in alarmTopicArn. Metrics are AWS's own and those of lib/telemetry/log.ts.
import type { CountName, MeasureName } from '#lib/telemetry/log.ts';

type Metric =
  | {
      readonly queue: string;
      readonly name: 'ApproximateAgeOfOldestMessage' | 'ApproximateNumberOfMessagesVisible';
    }
  | {
      readonly lambda: string;
      readonly name: 'Errors' | 'Throttles' | 'ConcurrentExecutions' | 'Invocations';
    }
  | { readonly own: string; readonly name: CountName | MeasureName };

export type Alarm = {
  /** Its name is webhooks-<stage>-<id>. */
  readonly name: string;
  readonly description: string;
  readonly metric: Metric;
  readonly statistic: 'Maximum' | 'Sum';
  /** In alarm when the statistic is above this (with `below`: under it) in each of the periods of five minutes. */
  readonly above: number;
  readonly below?: true;
  readonly periods: number;
  /** In alarm as soon as this many of the periods are above; undefined: all of them. */
  readonly ofPeriods?: number;
};

type Capacity = { readonly route: number; readonly deliver: number; readonly bridge: number };

const PERIOD_SECONDS = 300;
const FUNCTIONS = ['route', 'deliver', 'bridge', 'resume', 'redrive'] as const;
/** Age in seconds at which waiting messages are too old. Messages in retries or for a Kafka broker wait on purpose. */
const TOO_OLD = {
  messages: 300,
  'messages.fifo': 300,
  'deliveries.fifo': 300,
  retries: 1_800,
  'dead-letters': 1_800,
} as const;
/** The part of a function's concurrency at which its alarm rings. */
const NEARLY_ALL = 0.8;

/** Every alarm of a deployment, for the given maximum concurrency of its functions. */
export const alarms = (capacity: Capacity): Alarm[] => [
  ...Object.entries(TOO_OLD).map(
    ([queue, above]): Alarm => ({
      name: `${queue.replace('.', '-')}-old`,
      description: `A message waits on ${queue} for more than ${above / 60} minutes.`,
      metric: { queue, name: 'ApproximateAgeOfOldestMessage' },
      statistic: 'Maximum',
      above,
      periods: 2,
    }),
  ),
  {
    name: 'deliveries-fifo-full',
    description: 'More than 50,000 messages wait on deliveries.fifo; at 80,000 route stops adding to it.',
    metric: { queue: 'deliveries.fifo', name: 'ApproximateNumberOfMessagesVisible' },
    statistic: 'Maximum',
    above: 50_000,
    periods: 1,
  },
  {
    name: 'undeliverable',
    description: 'A message is in undeliverable; its reason attribute says why.',
    metric: { queue: 'undeliverable', name: 'ApproximateNumberOfMessagesVisible' },
    statistic: 'Maximum',
    above: 0,
    periods: 1,
  },
  {
    name: 'endpoint-broken',
    description: 'An endpoint does not accept dead letters; they wait.',
    metric: { own: 'bridge', name: 'BridgeWaits' },
    statistic: 'Sum',
    above: 0,
    // A waiting letter comes round at least every quarter of an hour, and is counted each time.
    periods: 4,
    ofPeriods: 1,
  },
  {
    name: 'subscription-stopped',
    description:
      'A subscription is stopped until an operator acts: rejected, invalid, crashing, or stopped by hand.',
    metric: { own: 'resume', name: 'SubscriptionsStopped' },
    statistic: 'Maximum',
    above: 0,
    periods: 1,
  },
  {
    name: 'subscription-in-outage',
    description: 'A subscription has been paused as an outage for half an hour.',
    metric: { own: 'resume', name: 'SubscriptionsInOutage' },
    statistic: 'Maximum',
    above: 0,
    periods: 6,
  },
  {
    name: 'backlog-old',
    description: 'A message has waited in a backlog for more than a day.',
    metric: { own: 'resume', name: 'BacklogOldestAge' },
    statistic: 'Maximum',
    above: 86_400,
    periods: 1,
  },
  {
    name: 'sweep-missing',
    description: 'resume was not invoked: no paused subscription resumes by itself.',
    metric: { lambda: 'resume', name: 'Invocations' },
    statistic: 'Sum',
    above: 1,
    below: true,
    periods: 2,
  },
  ...FUNCTIONS.flatMap((lambda): Alarm[] => [
    {
      name: `${lambda}-errors`,
      description: `An invocation of ${lambda} failed: it threw, ran out of time or was killed.`,
      metric: { lambda, name: 'Errors' },
      statistic: 'Sum',
      above: 0,
      periods: 1,
    },
    {
      name: `${lambda}-throttles`,
      description: `Lambda throttles ${lambda}: the account's concurrency is used up.`,
      metric: { lambda, name: 'Throttles' },
      statistic: 'Sum',
      above: 0,
      periods: 3,
    },
  ]),
  ...Object.entries(capacity).map(
    ([lambda, most]): Alarm => ({
      name: `${lambda}-concurrency`,
      description: `${lambda} runs at more than 80 % of its maximum concurrency of ${most}.`,
      metric: { lambda, name: 'ConcurrentExecutions' },
      statistic: 'Maximum',
      above: Math.floor(most * NEARLY_ALL),
      periods: 3,
    }),
  ),
];

/** Namespace, name and dimensions of an alarm's metric, for the stack of this name. */
export function metricOf({ metric }: Alarm, stackName: string, stage: string) {
  if ('queue' in metric) {
    return {
      Namespace: 'AWS/SQS',
      Dimensions: [{ Name: 'QueueName', Value: `${stackName}-${metric.queue}` }],
    };
  }
  if ('lambda' in metric) {
    return {
      Namespace: 'AWS/Lambda',
      Dimensions: [{ Name: 'FunctionName', Value: `${stackName}-${metric.lambda}` }],
    };
  }
  return {
    Namespace: 'SqsWebhooks',
    Dimensions: [
      { Name: 'function', Value: metric.own },
      { Name: 'stage', Value: stage },
    ],
  };
}

/** Makes the alarm's resource for the template. */
export function alarmResource(alarm: Alarm, stackName: string, stage: string, topicArn: string) {
  const actions = topicArn === '' ? {} : { AlarmActions: [topicArn], OKActions: [topicArn] };
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${stackName}-${alarm.name}`,
      AlarmDescription: `${alarm.description} OPERATORS.md, "Alarms", says what to do.`,
      ...metricOf(alarm, stackName, stage),
      MetricName: alarm.metric.name,
      Statistic: alarm.statistic,
      Period: PERIOD_SECONDS,
      EvaluationPeriods: alarm.periods,
      ...(alarm.ofPeriods !== undefined && { DatapointsToAlarm: alarm.ofPeriods }),
      Threshold: alarm.above,
      ComparisonOperator: alarm.below ? 'LessThanThreshold' : 'GreaterThanThreshold',
      // Missing data counts as OK, except for the alarm that watches for missing data.
      TreatMissingData: alarm.below ? 'breaching' : 'notBreaching',
      ...actions,
    },
  };
}
