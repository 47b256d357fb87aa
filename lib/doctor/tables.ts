// The tables against the template: keys, indexes, billing, time to live, encryption, and for kept data its protection.
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { DoctorClients } from './clients.ts';
import { type Desired, desiredOf } from './desired.ts';
import { inTurn } from './in-turn.ts';
import { REDEPLOY_MISSING } from './queues.ts';
import type { Sight } from './unseen.ts';

const keys = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }));
const tableSchema = z.looseObject({
  TableName: z.string(),
  BillingMode: z.string(),
  KeySchema: keys,
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  GlobalSecondaryIndexes: z
    .array(
      z.object({
        IndexName: z.string(),
        KeySchema: keys,
        Projection: z.object({ ProjectionType: z.string() }),
      }),
    )
    .default([]),
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
  SSESpecification: z.object({ KMSMasterKeyId: z.string() }).optional(),
  PointInTimeRecoverySpecification: z.object({ PointInTimeRecoveryEnabled: z.boolean() }).optional(),
  DeletionProtectionEnabled: z.boolean().default(false),
});
type Table = z.infer<typeof tableSchema>;

/** Compares the stage's tables with the template. Returns the names of those that exist. */
export async function lookAtTables(
  desired: Desired,
  sight: Sight,
  { dynamodb, hasTimeToLive }: Pick<DoctorClients, 'dynamodb'> & { readonly hasTimeToLive: boolean },
): Promise<readonly string[]> {
  const seen = await inTurn(desiredOf(desired, 'AWS::DynamoDB::Table'), 3, async ({ properties }) => {
    const wanted = tableSchema.parse(properties);
    const { TableName } = wanted;
    const table = await sight.look(`the table ${TableName}`, 'dynamodb:DescribeTable', () =>
      describeTable(TableName, dynamodb),
    );
    if (table === undefined) return [];
    if (table === null) {
      sight.find({
        severity: 'error',
        where: TableName,
        what: 'The table does not exist.',
        fix: REDEPLOY_MISSING,
      });
      return [];
    }
    compareTable(wanted, table, sight);
    if (hasTimeToLive) await compareTimeToLive(wanted, sight, dynamodb);
    await comparePointInTime(wanted, sight, dynamodb);
    return [TableName];
  });
  if (!hasTimeToLive) sight.skip('the time to live of the tables', 'npm start has none');
  return seen.flat();
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

const keyText = (
  schema: readonly { AttributeName?: string | undefined; KeyType?: string | undefined }[] = [],
) => schema.map(({ AttributeName, KeyType }) => `${AttributeName} (${KeyType})`).join(', ');

function compareTable(wanted: Table, table: TableDescription, sight: Sight): void {
  const where = wanted.TableName;
  const find = (what: string, fix: string, severity: 'error' | 'warning' = 'error') =>
    sight.find({ severity, where, what, fix });
  if (table.TableStatus !== undefined && table.TableStatus !== 'ACTIVE')
    find(
      `The table is ${table.TableStatus}.`,
      'Wait until it is ACTIVE, and run the doctor again.',
      'warning',
    );
  if (keyText(table.KeySchema) !== keyText(wanted.KeySchema)) {
    find(
      `Its key is ${keyText(table.KeySchema)} instead of ${keyText(wanted.KeySchema)}: the functions find no item.`,
      'Create the table anew with the keys of serverless.yml, and put its items back.',
    );
  }
  const types = new Map(table.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType]));
  for (const { AttributeName, AttributeType } of wanted.AttributeDefinitions) {
    const has = types.get(AttributeName);
    if (has === undefined || has === AttributeType) continue;
    find(
      `The key ${AttributeName} is of the type ${has} instead of ${AttributeType}.`,
      'Create the table anew with the types of serverless.yml, and put its items back.',
    );
  }
  for (const index of wanted.GlobalSecondaryIndexes) compareIndex(index, table, find);
  const billing = table.BillingModeSummary?.BillingMode ?? 'PROVISIONED';
  if (billing !== wanted.BillingMode && isProvisioned(table)) {
    find(
      `The table is ${billing} instead of ${wanted.BillingMode}: DynamoDB throttles above its capacity, and messages wait.`,
      `Set its billing mode back to ${wanted.BillingMode}.`,
      'warning',
    );
  }
  const key = wanted.SSESpecification?.KMSMasterKeyId;
  if (key !== undefined && table.SSEDescription?.KMSMasterKeyArn !== key) {
    find(
      `The table is encrypted with ${table.SSEDescription?.KMSMasterKeyArn ?? "DynamoDB's own key"} instead of ${key}.`,
      'Deploy the stage with the parameter kmsKeyArn that you want.',
    );
  }
  if (wanted.DeletionProtectionEnabled && table.DeletionProtectionEnabled !== true) {
    find(
      'The table has no deletion protection, which keepData asks for.',
      'Turn the deletion protection of the table on.',
      'warning',
    );
  }
}

/** Emulators may leave out the billing mode. Then a capacity above 0 tells a provisioned table from one on demand. */
const isProvisioned = ({ ProvisionedThroughput, BillingModeSummary }: TableDescription): boolean =>
  BillingModeSummary?.BillingMode === 'PROVISIONED' || (ProvisionedThroughput?.ReadCapacityUnits ?? 0) > 0;

function compareIndex(
  wanted: Table['GlobalSecondaryIndexes'][number],
  table: TableDescription,
  find: (what: string, fix: string, severity?: 'error' | 'warning') => void,
): void {
  const { IndexName } = wanted;
  const fix = `Create the index ${IndexName} with the keys of serverless.yml.`;
  const has = table.GlobalSecondaryIndexes?.find((one) => one.IndexName === IndexName);
  if (has === undefined) {
    find(`The index ${IndexName} does not exist: the functions that read it fail.`, fix);
    return;
  }
  if (has.IndexStatus !== undefined && has.IndexStatus !== 'ACTIVE')
    find(`The index ${IndexName} is ${has.IndexStatus}.`, 'Wait until it is ACTIVE.', 'warning');
  if (keyText(has.KeySchema) !== keyText(wanted.KeySchema))
    find(
      `The index ${IndexName} has the key ${keyText(has.KeySchema)} instead of ${keyText(wanted.KeySchema)}.`,
      fix,
    );
  const { ProjectionType } = wanted.Projection;
  if (has.Projection?.ProjectionType !== ProjectionType)
    find(
      `The index ${IndexName} projects ${has.Projection?.ProjectionType} instead of ${ProjectionType}.`,
      fix,
    );
}

async function compareTimeToLive(
  { TableName, TimeToLiveSpecification }: Table,
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
  { TableName, PointInTimeRecoverySpecification }: Table,
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
