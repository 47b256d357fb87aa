// Makes the alarms, a dashboard of the same metrics and the saved log queries for the template, when it is packaged. Pure.
import { type Alarm, alarmResource, alarms, metricOf } from './alarms.ts';

export type ObservabilityOptions = {
  readonly stackName: string;
  readonly stage: string;
  readonly alarmTopicArn: string;
  /** Emulators have no saved queries and would refuse the template. */
  readonly savesQueries: boolean;
  readonly capacity: Parameters<typeof alarms>[0];
};

/** Returns the monitoring resources by their logical ids. */
export function alarmsAndDashboard({
  stackName,
  stage,
  alarmTopicArn,
  savesQueries,
  capacity,
}: ObservabilityOptions) {
  const all = alarms(capacity);
  return {
    ...Object.fromEntries(
      all.map((alarm) => [logicalId(alarm), alarmResource(alarm, stackName, stage, alarmTopicArn)]),
    ),
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardName: stackName,
        DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets: widgets(all, stackName, stage) }) },
      },
    },
    ...(savesQueries && queries(stackName)),
  };
}

const queries = (stackName: string) => ({
  MessageQuery: query(stackName, 'one message, all its log lines', [
    'fields @timestamp, function, message, subscription, attempt, outcome, status, action, durationMs, reason',
    "| filter messageId = 'PUT THE MESSAGE ID HERE' or messageIds like 'PUT THE MESSAGE ID HERE'",
    '| sort @timestamp asc',
    '| limit 1000',
  ]),
  SubscriptionQuery: query(stackName, 'one subscription, its last failures', [
    'fields @timestamp, message, messageId, messageIds, attempt, outcome, status, action, detail, reason',
    "| filter subscription = 'PUT THE SUBSCRIPTION HERE' and (message != 'delivery.attempted' or outcome != 'delivered')",
    '| sort @timestamp desc',
    '| limit 100',
  ]),
});

const LOGGING = ['route', 'deliver', 'bridge', 'resume', 'redrive'];

const query = (stackName: string, name: string, lines: readonly string[]) => ({
  Type: 'AWS::Logs::QueryDefinition',
  Properties: {
    Name: `${stackName}/${name}`,
    LogGroupNames: LOGGING.map((one) => `/aws/lambda/${stackName}-${one}`),
    QueryString: lines.join('\n'),
  },
  // A query names log groups, which must exist first.
  DependsOn: LOGGING.map((one) => `${one.charAt(0).toUpperCase()}${one.slice(1)}LogGroup`),
});

const logicalId = ({ name }: Alarm): string =>
  `${name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}Alarm`;

// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in.
const REGION = '${AWS::Region}';
const WIDTH = 8;
const HEIGHT = 6;

/** Graphs of throughput, outcomes and durations, then each alarm's metric with its threshold. */
function widgets(all: readonly Alarm[], stackName: string, stage: string) {
  const own = (name: string, fn: string, stat: string) => [
    'SqsWebhooks',
    name,
    'function',
    fn,
    'stage',
    stage,
    { stat },
  ];
  const charts = [
    {
      title: 'Attempts by outcome',
      metrics: ['Attempts', 'Delivered', 'Rejected', 'Failed', 'Unsent', 'Unknown'].map((name) =>
        own(name, 'deliver', 'Sum'),
      ),
    },
    {
      title: 'Duration of an attempt, and from publishing to the 2xx (ms)',
      metrics: ['AttemptDuration', 'DeliveryAge'].flatMap((name) =>
        ['p50', 'p99'].map((stat) => own(name, 'deliver', stat)),
      ),
    },
    {
      title: 'Paused subscriptions and waiting messages',
      metrics: [
        'SubscriptionsStopped',
        'SubscriptionsInOutage',
        'SubscriptionsDraining',
        'SubscriptionsSlow',
        'BacklogMessages',
      ].map((name) => own(name, 'resume', 'Maximum')),
    },
    {
      title: 'Dead letters: created, bridged, waiting, redriven',
      metrics: [
        own('DeadLetters', 'deliver', 'Sum'),
        own('Bridged', 'bridge', 'Sum'),
        own('BridgeWaits', 'bridge', 'Sum'),
        own('DeadLettersReplayed', 'redrive', 'Sum'),
      ],
    },
    ...all.map((alarm) => {
      const { Namespace, Dimensions } = metricOf(alarm, stackName, stage);
      const dimensions = Dimensions.flatMap(({ Name, Value }) => [Name, Value]);
      return {
        title: alarm.description,
        metrics: [[Namespace, alarm.metric.name, ...dimensions, { stat: alarm.statistic }]],
        annotations: { horizontal: [{ label: 'alarm', value: alarm.above }] },
      };
    }),
  ];
  return charts.map((properties, index) => ({
    type: 'metric',
    x: (index % 3) * WIDTH,
    y: Math.floor(index / 3) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: { region: REGION, view: 'timeSeries', period: 300, ...properties },
  }));
}
