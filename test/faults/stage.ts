// The stage of one seed: the local set with its real function processes, faults in front of its services, callback servers, a
// DNS server, and one clock for all of them.

import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { type LocalSet, startLocalSet } from '#lib/local/set.ts';
import { type AwsFaults, createAwsFaults } from './aws-faults.ts';
import type { RunClock } from './clock.ts';
import { SECRET } from './item.ts';
import { type Names, startNames } from './names.ts';
import type { Plan } from './plan.ts';
import { createSetClock } from './set-clock.ts';

export type Machine = {
  /** The checkout whose bundles run. */
  readonly root: string;
  readonly clock: RunClock;
  readonly clockFile: string;
};

export type Stage = {
  readonly set: LocalSet;
  readonly faults: AwsFaults;
  readonly names: Names;
  readonly lettersUrl: string;
  /** What the functions wrote to their logs, and what the pollers reported. */
  readonly lines: string[];
  jump(ms: number): void;
  put(table: 'Subscriptions' | 'Endpoints', item: Record<string, unknown>): Promise<void>;
  remove(table: 'Subscriptions' | 'Endpoints', key: Record<string, unknown>): Promise<void>;
  scanState(): Promise<Record<string, unknown>[]>;
  putSecret(): Promise<void>;
  removeSecret(): Promise<void>;
  close(): Promise<void>;
};

/** Environments of one function at once. */
const ENVIRONMENTS = 3;

export async function startStage(plan: Plan, { root, clock, clockFile }: Machine): Promise<Stage> {
  const faults = createAwsFaults(plan.calls);
  const setClock = createSetClock();
  const names = await startNames();
  const lines: string[] = [];
  const preload = new URL('./environment.ts', import.meta.url).href;
  const set = await startLocalSet({
    root,
    pollSeconds: 1,
    schedules: false,
    maxEnvironments: ENVIRONMENTS,
    sqs: { clock: setClock },
    intercept: (_, service) => faults.intercept(service),
    environment: {
      NODE_OPTIONS: `--import ${preload}`,
      FAULTS_CLOCK: clockFile,
      FAULTS_DNS: names.address,
      // Short times, so that slow and lagging lanes and second slices of drains fit into a few seconds.
      LAG_SECONDS: '2',
      SLOW_AFTER_SECONDS: '1',
      DRAIN_SLICE_SECONDS: '1',
      SLOW_DRAIN_BUDGET: '2',
    },
    onLog: (name, line) => lines.push(`${name}: ${line}`),
    onPollerError: (text) => lines.push(text),
  });
  const { clients, outputs, sqs } = set;
  if (sqs === undefined) throw new Error('the set has no SQS of its own');
  Object.assign(sqs.switches, {
    fifoDeletedAgain: plan.fifoDeletedAgain,
    fifoLateDelete: plan.fifoLateDelete,
  });
  const documents = DynamoDBDocumentClient.from(clients.dynamodb);
  const created = await clients.sqs.send(new CreateQueueCommand({ QueueName: 'faults-letters' }));
  const { QueueUrl: lettersUrl = '' } = created;
  const tableOf = (table: 'Subscriptions' | 'Endpoints') => outputs[`${table}TableName`];
  let isSecretThere = false;
  return {
    set,
    faults,
    names,
    lettersUrl,
    lines,
    jump(ms) {
      clock.jump(ms);
      setClock.catchUp();
    },
    async put(table, Item) {
      await documents.send(new PutCommand({ TableName: tableOf(table), Item }));
    },
    async remove(table, Key) {
      await documents.send(new DeleteCommand({ TableName: tableOf(table), Key }));
    },
    async scanState() {
      const items: Record<string, unknown>[] = [];
      let from: Record<string, unknown> | undefined;
      do {
        const page = await documents.send(
          new ScanCommand({
            TableName: outputs.StateTableName,
            ConsistentRead: true,
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        items.push(...(page.Items ?? []));
        from = page.LastEvaluatedKey;
      } while (from !== undefined);
      return items;
    },
    async putSecret() {
      if (isSecretThere) return;
      isSecretThere = true;
      const SecretString = JSON.stringify({ username: 'faults', password: 'known' });
      await clients.secrets.send(new CreateSecretCommand({ Name: SECRET, SecretString }));
    },
    async removeSecret() {
      if (!isSecretThere) return;
      isSecretThere = false;
      await clients.secrets.send(
        new DeleteSecretCommand({ SecretId: SECRET, ForceDeleteWithoutRecovery: true }),
      );
    },
    async close() {
      await set.functions.kill();
      await set.close(0);
      setClock.stop();
      await names.close();
    },
  };
}
