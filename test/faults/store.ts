// The run's own access to the tables and secrets of its stage.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { LocalSet } from '#lib/local/set.ts';

type Item = Record<string, unknown>;
type TableName = 'Subscriptions' | 'Endpoints' | 'State';

export type Store = {
  put(table: TableName, item: Item): Promise<void>;
  remove(table: TableName, key: Item): Promise<void>;
  scan(table: TableName): Promise<Item[]>;
  /** Deletes what has expired, as DynamoDB does some time later. `now`: milliseconds of the run's clock. */
  expire(now: number): Promise<void>;
  /** Deletes all items of all tables. */
  clear(): Promise<void>;
  putSecret(name: string): Promise<void>;
  removeSecret(name: string): Promise<void>;
};

const KEYS: Readonly<Record<TableName, readonly string[]>> = {
  Subscriptions: ['id'],
  Endpoints: ['name'],
  State: ['pk', 'sk'],
};

export function createStore({ clients, outputs }: Pick<LocalSet, 'clients' | 'outputs'>): Store {
  const documents = DynamoDBDocumentClient.from(clients.dynamodb);
  const secrets = new Set<string>();
  const nameOf = (table: TableName) => outputs[`${table}TableName`];

  async function remove(table: TableName, Key: Item): Promise<void> {
    await documents.send(new DeleteCommand({ TableName: nameOf(table), Key }));
  }

  async function scan(table: TableName): Promise<Item[]> {
    const items: Item[] = [];
    let from: Item | undefined;
    do {
      const page = await documents.send(
        new ScanCommand({
          TableName: nameOf(table),
          ConsistentRead: true,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return items;
  }

  async function removeSecret(SecretId: string): Promise<void> {
    if (!secrets.delete(SecretId)) return;
    await clients.secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
  }

  return {
    async put(table, Item) {
      await documents.send(new PutCommand({ TableName: nameOf(table), Item }));
    },
    remove,
    scan,
    async expire(now) {
      for (const { pk, sk, expiresAt } of await scan('State')) {
        if (typeof expiresAt !== 'number' || expiresAt * 1_000 > now) continue;
        await documents
          .send(
            new DeleteCommand({
              TableName: nameOf('State'),
              Key: { pk, sk },
              // It may have been written anew meanwhile.
              ConditionExpression: 'expiresAt = :seen',
              ExpressionAttributeValues: { ':seen': expiresAt },
            }),
          )
          .catch((error: unknown) => {
            if (!(error instanceof ConditionalCheckFailedException)) throw error;
          });
      }
    },
    async clear() {
      for (const [table, keys] of Object.entries(KEYS) as [TableName, readonly string[]][]) {
        for (const item of await scan(table))
          await remove(table, Object.fromEntries(keys.map((key) => [key, item[key]])));
      }
      for (const name of [...secrets]) await removeSecret(name);
    },
    async putSecret(Name) {
      if (secrets.has(Name)) return;
      secrets.add(Name);
      const SecretString = JSON.stringify({ username: 'faults', password: 'known' });
      await clients.secrets.send(new CreateSecretCommand({ Name, SecretString }));
    },
    removeSecret,
  };
}
