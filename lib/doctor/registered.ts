// The checks of what customers have registered: items, states, secrets, endpoints and host names. The items are judged by the
// rules of the stage.
import type { SQSClient } from '@aws-sdk/client-sqs';
import { addressRules } from '#lib/callback/address.ts';
import type { Lookup } from '#lib/callback/guard.ts';
import { readConfig, resumeEnvironment } from '#lib/deployment/config.ts';
import { brokerAddresses, type DeploymentRules, deploymentRules, itemRules } from '#lib/deployment/rules.ts';
import type { Tables } from '#lib/state/table.ts';
import type { DoctorClients } from './clients.ts';
import { type Desired, resolved } from './desired.ts';
import { lookAtEndpoints } from './endpoints.ts';
import { type Items, readRegistered } from './items.ts';
import { lookAtNames } from './names.ts';
import type { StageNames } from './physical.ts';
import { lookAtSecrets } from './secrets.ts';
import { lookAtStates } from './states.ts';
import type { SightOf } from './unseen.ts';

export type RegisteredDeps = Pick<DoctorClients, 'secrets'> & {
  readonly tables: Tables<'subscriptionsTable' | 'endpointsTable' | 'stateTable'>;
  readonly sqsIn: (region: string | undefined) => Promise<Pick<SQSClient, 'send'>>;
  /** Undefined: names are not looked up. */
  readonly lookup: Lookup | undefined;
  /** Called often; `total` is undefined while it is unknown. */
  readonly onProgress: (what: string, done: number, total?: number) => void;
};

type Deps = RegisteredDeps &
  Pick<StageNames, 'names'> & {
    /** Undefined: AWS itself. */
    readonly endpointUrl: string | undefined;
  };

/** Checks the items that customers have registered. */
export async function lookAtItems(desired: Desired, sightOf: SightOf, deps: Deps): Promise<void> {
  const { names, endpointUrl, tables, onProgress, lookup } = deps;
  const sight = sightOf('subscriptions');
  if (names === undefined) {
    sight.skip('the registered items', "the stage's account is not known");
    return;
  }
  const rules = rulesOf(desired, names, endpointUrl);
  const items: Items | undefined = await sight.look('the registered items', 'dynamodb:Scan', () =>
    readRegistered(sight, {
      ...tables,
      rules: itemRules(rules),
      onProgress: (done) => onProgress('Reading the items', done),
    }),
  );
  await sight.look('the states of subscriptions', 'dynamodb:Scan, dynamodb:BatchGetItem', () =>
    lookAtStates(desired.stage, sight, {
      ...tables,
      onProgress: (done) => onProgress('Reading the states', done, items?.subscriptions),
    }),
  );
  if (items === undefined) return;
  await lookAtSecrets(items, sightOf('secrets'), {
    ...deps,
    onProgress: (done, total) => onProgress('Opening the secrets', done, total),
  });
  const { functions, resources } = desired;
  await lookAtEndpoints(items.endpoints, sightOf('endpoints'), {
    ...deps,
    ownQueueUrls: queueUrlsOf(resources, names),
  });
  if (lookup === undefined) {
    sightOf('names').skip('the host names', '--skip-dns is given');
    return;
  }
  await lookAtNames(items.names, sightOf('names'), {
    lookup,
    addresses: { callback: addressRules(rules), broker: brokerAddresses(rules) },
    inVpc: functions.some(({ vpc }) => vpc !== undefined),
    onProgress: (done, total) => onProgress('Looking up the host names', done, total),
  });
}

/** The URLs of the stage's own queues. */
const queueUrlsOf = (
  resources: Desired['resources'],
  names: NonNullable<StageNames['names']>,
): readonly string[] =>
  Object.entries(resources).flatMap(([logicalId, { Type }]) =>
    Type === 'AWS::SQS::Queue' ? (names.resources.get(logicalId)?.ref ?? []) : [],
  );

/** The rules by which the functions of this version judge items, with the parameters of the stage. */
function rulesOf(
  desired: Desired,
  names: NonNullable<StageNames['names']>,
  endpointUrl: string | undefined,
): DeploymentRules {
  const environment = desired.functions.find(({ name }) => name === 'resume')?.environment ?? {};
  const variables = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, String(resolved(value, desired, names))]),
  );
  return deploymentRules(
    readConfig(resumeEnvironment, {
      ...variables,
      ...(endpointUrl !== undefined && { AWS_ENDPOINT_URL: endpointUrl }),
    }),
  );
}
