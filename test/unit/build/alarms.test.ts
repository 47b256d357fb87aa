import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { alarmResource, alarms } from '#lib/build/alarms.ts';
import { alarmsAndDashboard } from '#lib/build/observability.ts';
import { COUNTS, MEASURES } from '#lib/telemetry/log.ts';

const capacity = { route: 150, deliver: 200, bridge: 20 };
const all = alarms(capacity);
const operators = readFileSync('OPERATORS.md', 'utf8');
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';
const watched = { stackName: 'webhooks-dev', stage: 'dev', alarmTopicArn: '', savesQueries: true, capacity };

describe('an alarm', () => {
  test('has a line of its own in the runbook, and the runbook has no other', () => {
    const section = operators.slice(operators.indexOf('## Alarms') + 1);
    const table = section.slice(0, section.indexOf('\n## '));
    const rows = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([\w-]+)`/g)].map(([, name]) => name),
    );
    expect(rows.sort()).toEqual(all.map(({ name }) => name).sort());
  });

  test('of our own stands on a metric that the functions tell', () => {
    for (const { metric } of all) {
      if ('own' in metric) expect([...COUNTS, ...Object.keys(MEASURES)]).toContain(metric.name);
    }
  });

  test('notifies the SNS topic when it starts and ends, if there is one', () => {
    for (const alarm of all) {
      expect(alarmResource(alarm, 'webhooks-dev', 'dev', TOPIC).Properties).toMatchObject({
        AlarmActions: [TOPIC],
        OKActions: [TOPIC],
      });
      expect(alarmResource(alarm, 'webhooks-dev', 'dev', '').Properties).not.toHaveProperty('AlarmActions');
    }
  });

  test('of concurrency is below what the functions may have', () => {
    const thresholds = all.flatMap(({ name, above }) =>
      name.endsWith('-concurrency') ? [[name, above]] : [],
    );
    expect(Object.fromEntries(thresholds)).toEqual({
      'route-concurrency': 120,
      'deliver-concurrency': 160,
      'bridge-concurrency': 16,
    });
  });
});

test('each alarm is a resource of its own, and its metric is on the dashboard with its threshold', () => {
  const resources = alarmsAndDashboard(watched);
  const types = Object.values(resources).map(({ Type }) => Type);
  expect(types.filter((type) => type === 'AWS::CloudWatch::Alarm')).toHaveLength(all.length);
  const { widgets } = JSON.parse(resources.Dashboard.Properties.DashboardBody['Fn::Sub']);
  for (const { description, above } of all) {
    expect(widgets).toContainEqual(
      expect.objectContaining({
        properties: expect.objectContaining({
          title: description,
          annotations: { horizontal: [{ label: 'alarm', value: above }] },
        }),
      }),
    );
  }
});

test('the saved queries ask for one message and for one subscription, over the logs of all functions', () => {
  const names = ['route', 'deliver', 'bridge', 'resume', 'redrive'];
  const LogGroupNames = names.map((name) => `/aws/lambda/webhooks-dev-${name}`);
  expect(alarmsAndDashboard(watched)).toMatchObject({
    MessageQuery: {
      Properties: { LogGroupNames, QueryString: expect.stringContaining('filter messageId =') },
    },
    SubscriptionQuery: {
      Properties: { LogGroupNames, QueryString: expect.stringContaining('filter subscription =') },
    },
  });
  expect(alarmsAndDashboard({ ...watched, savesQueries: false })).not.toHaveProperty('MessageQuery');
});
