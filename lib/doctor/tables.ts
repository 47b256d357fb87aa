// The tables against the template: that they exist, their time to live, and for kept data its backups. table-description.ts
// compares the rest.
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import type { DoctorClients } from './clients.ts';
import { type Desired, desiredOf } from './desired.ts';
import { inTurn } from './in-turn.ts';
import { REDEPLOY_MISSING } from './queues.ts';
import { compareTable, type DesiredTable, tableSchema } from './table-description.ts';
import type { Sight } from './unseen.ts';

/** Compares the stage's tables with the template. */
export async function lookAtTables(
  desired: Desired,
  sight: Sight,
  { dynamodb, hasTimeToLive }: Pick<DoctorClients, 'dynamodb'> & { readonly hasTimeToLive: boolean },
): Promise<void> {
  await inTurn(desiredOf(desired, 'AWS::DynamoDB::Table'), 3, async ({ properties }) => {
    const wanted = tableSchema.parse(properties);
    const { TableName } = wanted;
    const table = await sight.look(`the table ${TableName}`, 'dynamodb:DescribeTable', () =>
      describeTable(TableName, dynamodb),
    );
    if (table === undefined) return;
    if (table === null) {
      sight.find({
        severity: 'error',
        where: TableName,
        what: 'The table does not exist.',
        fix: REDEPLOY_MISSING,
      });
      return;
    }
    compareTable(wanted, table, sight);
    if (hasTimeToLive) await compareTimeToLive(wanted, sight, dynamodb);
    await comparePointInTime(wanted, sight, dynamodb);
  });
  if (!hasTimeToLive) sight.skip('the time to live of the tables', 'npm start has none');
}

async function describeTable(
  TableName: string,
  dynamodb: DoctorClients['dynamodb'],
): Promise<TableDescription | null> {
  try {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    return Table ?? null;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return null;
    throw error;
  }
}

async function compareTimeToLive(
  { TableName, TimeToLiveSpecification }: DesiredTable,
  sight: Sight,
  dynamodb: DoctorClients['dynamodb'],
): Promise<void> {
  const seen = await sight.look(`the time to live of ${TableName}`, 'dynamodb:DescribeTimeToLive', () =>
    dynamodb.send(new DescribeTimeToLiveCommand({ TableName })),
  );
  if (seen === undefined) return;
  const { AttributeName, TimeToLiveStatus = 'DISABLED' } = seen.TimeToLiveDescription ?? {};
  const isOn = TimeToLiveStatus === 'ENABLED' || TimeToLiveStatus === 'ENABLING';
  if (TimeToLiveSpecification === undefined) {
    if (!isOn) return;
    sight.find({
      severity: 'error',
      where: TableName,
      what: `DynamoDB deletes items by their attribute ${AttributeName}, and this version wants no time to live here.`,
      fix: 'Turn the time to live of the table off.',
    });
    return;
  }
  if (isOn && AttributeName === TimeToLiveSpecification.AttributeName) return;
  sight.find({
    severity: 'warning',
    where: TableName,
    what: `Time to live is ${isOn ? `on for ${AttributeName}` : 'off'} instead of on for ${TimeToLiveSpecification.AttributeName}: what has expired stays, and the table grows.`,
    fix: `Turn time to live on for the attribute ${TimeToLiveSpecification.AttributeName}.`,
  });
}

async function comparePointInTime(
  { TableName, PointInTimeRecoverySpecification }: DesiredTable,
  sight: Sight,
  dynamodb: DoctorClients['dynamodb'],
): Promise<void> {
  if (PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled !== true) return;
  const seen = await sight.look(
    `point-in-time recovery of ${TableName}`,
    'dynamodb:DescribeContinuousBackups',
    () => dynamodb.send(new DescribeContinuousBackupsCommand({ TableName })),
  );
  if (seen === undefined) return;
  const status = seen.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  if (status === 'ENABLED') return;
  sight.find({
    severity: 'warning',
    where: TableName,
    what: 'Point-in-time recovery is off, which keepData asks for.',
    fix: 'Turn point-in-time recovery of the table on.',
  });
}
