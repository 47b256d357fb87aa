// What DynamoDB says of a table against the template: keys, indexes, billing, encryption, deletion protection.
import type { TableDescription } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { Sight } from './unseen.ts';

const keys = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }));
/** A table of the template. */
export const tableSchema = z.looseObject({
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
export type DesiredTable = z.infer<typeof tableSchema>;

const keyText = (
  schema: readonly { AttributeName?: string | undefined; KeyType?: string | undefined }[] = [],
) => schema.map(({ AttributeName, KeyType }) => `${AttributeName} (${KeyType})`).join(', ');

/** Finds the differences between a table of the template and the one that DynamoDB describes. */
export function compareTable(wanted: DesiredTable, table: TableDescription, sight: Sight): void {
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
  wanted: DesiredTable['GlobalSecondaryIndexes'][number],
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
