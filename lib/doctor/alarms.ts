// Finds alarms that are missing, were changed, or are on now.
import { type CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
import type { DoctorClients } from './clients.ts';
import { type Desired, desiredOf } from './desired.ts';
import type { Sight } from './unseen.ts';

const alarmSchema = z.looseObject({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  Threshold: z.number(),
  ComparisonOperator: z.string(),
  TreatMissingData: z.string(),
  EvaluationPeriods: z.number(),
  Period: z.number(),
  Statistic: z.string(),
  AlarmActions: z.array(z.string()).default([]),
});

/** Compares the alarms with the template, and finds those that are on. */
export async function lookAtAlarms(
  desired: Desired,
  sight: Sight,
  { cloudWatch }: Pick<DoctorClients, 'cloudWatch'>,
): Promise<void> {
  const alarms = await sight.look('the alarms', 'cloudwatch:DescribeAlarms', () =>
    readAlarms(`${desired.stackName}-`, cloudWatch),
  );
  if (alarms === undefined) return;
  const byName = new Map(alarms.map((one) => [one.AlarmName, one]));
  for (const { properties } of desiredOf(desired, 'AWS::CloudWatch::Alarm')) {
    const wanted = alarmSchema.parse(properties);
    const has = byName.get(wanted.AlarmName);
    if (has === undefined) {
      sight.find({
        severity: 'warning',
        where: wanted.AlarmName,
        what: 'The alarm does not exist: nobody is told.',
        fix: 'Create it as in lib/build/alarms.ts, or deploy this version if the stage has an older one.',
      });
      continue;
    }
    compareAlarm(wanted, has, sight);
    if (has.StateValue !== 'ALARM') continue;
    sight.find({
      severity: 'error',
      where: wanted.AlarmName,
      what: `The alarm is on: ${wanted.AlarmDescription.replace(/ OPERATORS\.md.*$/, '')}`,
      fix: 'OPERATORS.md, "Alarms", says what to do.',
    });
  }
}

async function readAlarms(
  AlarmNamePrefix: string,
  cloudWatch: Pick<CloudWatchClient, 'send'>,
): Promise<readonly MetricAlarm[]> {
  const found: MetricAlarm[] = [];
  for (let NextToken: string | undefined; ; ) {
    const page = await cloudWatch.send(
      new DescribeAlarmsCommand({
        AlarmNamePrefix,
        AlarmTypes: ['MetricAlarm'],
        MaxRecords: 100,
        ...(NextToken !== undefined && { NextToken }),
      }),
    );
    found.push(...(page.MetricAlarms ?? []));
    NextToken = page.NextToken;
    if (NextToken === undefined || NextToken === '') return found;
  }
}

function compareAlarm(wanted: z.infer<typeof alarmSchema>, has: MetricAlarm, sight: Sight): void {
  const changed = (
    [
      'Threshold',
      'ComparisonOperator',
      'TreatMissingData',
      'EvaluationPeriods',
      'Period',
      'Statistic',
    ] as const
  ).filter((name) => has[name] !== wanted[name]);
  if (changed.length > 0) {
    const each = changed.map((name) => `${name} is ${has[name]} instead of ${wanted[name]}`).join(', ');
    sight.find({
      severity: 'warning',
      where: wanted.AlarmName,
      what: `The alarm was changed: ${each}.`,
      fix: 'Set it back, or deploy with a changed parameter.',
    });
  }
  if (has.ActionsEnabled === false && wanted.AlarmActions.length > 0) {
    sight.find({
      severity: 'warning',
      where: wanted.AlarmName,
      what: 'The actions of the alarm are off: nobody is told.',
      fix: `Turn them on: aws cloudwatch enable-alarm-actions --alarm-names ${wanted.AlarmName}`,
    });
  }
  const missing = wanted.AlarmActions.filter((arn) => !has.AlarmActions?.includes(arn));
  if (missing.length > 0) {
    sight.find({
      severity: 'warning',
      where: wanted.AlarmName,
      what: `The alarm does not notify ${missing.join(', ')}.`,
      fix: 'Deploy with the parameter alarmTopicArn that you want.',
    });
  }
}
