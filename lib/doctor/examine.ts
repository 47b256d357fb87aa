// The doctor: checks a stage and returns a report. The order matters, because later checks use the results of earlier ones.
// It changes nothing, and invokes no function.
import type { SQSClient } from '@aws-sdk/client-sqs';
import { addressRules } from '#lib/callback/address.ts';
import type { Lookup } from '#lib/callback/guard.ts';
import { readConfig, resumeEnvironment } from '#lib/deployment/config.ts';
import { brokerAddresses, type DeploymentRules, deploymentRules, itemRules } from '#lib/deployment/rules.ts';
import type { Tables } from '#lib/state/table.ts';
import { lookAtAlarms } from './alarms.ts';
import { lookAtCapacity } from './capacity.ts';
import type { DoctorClients } from './clients.ts';
import { lookAtClock } from './clock.ts';
import { type Desired, desiredStage, resolved } from './desired.ts';
import { lookAtEndpoints } from './endpoints.ts';
import type { CheckName, Report } from './finding.ts';
import { compareFunctions, environmentsOf, readFunctions } from './functions.ts';
import {
  type GivenParameters,
  givenParameters,
  lookAtParameters,
  readParameters,
} from './given-parameters.ts';
import { type Items, readRegistered } from './items.ts';
import { lookAtMappings } from './mappings.ts';
import { lookAtNames } from './names.ts';
import { namesOfStage, type StageNames } from './physical.ts';
import { compareQueues } from './queue-attributes.ts';
import { lookAtUndeliverable, readQueues } from './queues.ts';
import { lookAtRoles } from './roles.ts';
import { lookAtEventBus, lookAtSchedule } from './schedule.ts';
import { lookAtSecrets } from './secrets.ts';
import { lookAtStack } from './stack.ts';
import { lookAtStates } from './states.ts';
import { lookAtTables } from './tables.ts';
import { createSight, type Sight } from './unseen.ts';

export type DoctorOptions = {
  readonly stage: string;
  /** The text of this version's serverless.yml, and this version. */
  readonly serviceFile: string;
  readonly version: string;
  /** Parameters that the operator gives: they override those of the stack. */
  readonly asked: GivenParameters;
  /** Undefined: AWS itself. */
  readonly endpointUrl: string | undefined;
  /** Any address of AWS, to read its clock. */
  readonly clockUrl: string;
};

export type DoctorDeps = DoctorClients & {
  readonly tables: Tables<'subscriptionsTable' | 'endpointsTable' | 'stateTable'>;
  readonly sqsIn: (region: string | undefined) => Promise<Pick<SQSClient, 'send'>>;
  /** Undefined: names are not looked up. */
  readonly lookup: Lookup | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  /** Called often; `total` is undefined while it is unknown. */
  readonly onProgress: (what: string, done: number, total?: number) => void;
};

/** The stage does not exist, or AWS answered no question: there is no report. */
export class NothingToExamine extends Error {
  override name = 'NothingToExamine';
}

/** Makes all checks. Throws NothingToExamine, and the SDK's error for unusable credentials. */
export async function examine(options: DoctorOptions, deps: DoctorDeps): Promise<Report> {
  const report: Report = { findings: [], notLookedAt: [], looks: 0 };
  const emulated = options.endpointUrl !== undefined;
  const sightOf = (check: CheckName) => createSight(check, report, emulated);
  const { desired, names, isDeployed } = await lookAtStage(options, deps, sightOf, report);
  if (report.looks === 0)
    throw new NothingToExamine(
      `AWS answered no question about the stage ${options.stage}: ${report.notLookedAt[0]?.why}.`,
    );
  await lookAtTables(desired, sightOf('tables'), { ...deps, hasTimeToLive: isDeployed });
  await lookAtItems(desired, names, options, deps, sightOf);
  await lookAtClock(options.clockUrl, sightOf('clock'), deps);
  return report;
}

type Seen = StageNames & {
  readonly desired: Desired;
  readonly isDeployed: boolean;
};
type SightOf = (check: CheckName) => Sight;

/** Compares the deployed resources with the template. */
async function lookAtStage(
  options: DoctorOptions,
  deps: DoctorDeps,
  sightOf: SightOf,
  report: Report,
): Promise<Seen> {
  const { stage, version, serviceFile, asked, endpointUrl } = options;
  const step = (what: string, done: number) => deps.onProgress(`Looking at ${what}`, done, STEPS);
  const stackName = `webhooks-${stage}`;
  step('the stack', 0);
  const stack = await lookAtStack(stackName, sightOf('stack'), { ...deps, version });
  step('the functions', 1);
  const functions = await readFunctions(stackName, sightOf('functions'), deps);
  const environments = environmentsOf(functions);
  const given = givenParameters({ stage, packaged: stack.packaged, environments, asked });
  lookAtParameters({ given, environments }, sightOf('parameters'));
  const desired = desiredStage({ stage, serviceFile, given, values: readParameters(given, stage) });
  step('the queues', 2);
  const queues = await readQueues(desired, sightOf('queues'), deps);
  const unreadQueues = report.notLookedAt.some(({ check }) => check === 'queues');
  if (queues.length === 0 && !unreadQueues && functions.size === 0 && stack.exists !== true)
    throw new NothingToExamine(
      `There is no stage ${stage} here: it has no stack, no queue and no function. Check --stage, --region and --profile.`,
    );
  const { names, hasRoles } = namesOfStage(desired, { stack, queues, functions, endpointUrl });
  // npm start has no CloudFormation: it makes no policies, and no time to live.
  const isDeployed = endpointUrl === undefined || stack.exists !== undefined;
  const namesWithRoles = hasRoles ? names : undefined;
  compareQueues(queues, desired, sightOf('queues'), {
    names: namesWithRoles,
    hasPolicies: isDeployed,
  });
  lookAtUndeliverable(queues, stage, sightOf('undeliverable'));
  step('the functions', 3);
  await compareFunctions(functions, desired, sightOf('functions'), {
    names,
    packaged: stack.packaged,
    lambda: deps.lambda,
  });
  step('the event source mappings', 4);
  await lookAtMappings(desired, sightOf('mappings'), { ...deps, names });
  await lookAtEventBus(desired, sightOf('parameters'), deps);
  await lookAtSchedule(desired, sightOf('schedule'), {
    ...deps,
    functionArn: functions.get('resume')?.FunctionArn,
  });
  step('the roles', 5);
  await lookAtRoles(desired, sightOf('roles'), { ...deps, functions, names: namesWithRoles });
  step('the alarms', 6);
  await lookAtCapacity(desired, sightOf('capacity'), deps);
  await lookAtAlarms(desired, sightOf('alarms'), deps);
  return { desired, names, hasRoles, isDeployed };
}

const STEPS = 7;

/** Checks the items that customers have registered. */
async function lookAtItems(
  desired: Desired,
  names: StageNames['names'],
  { stage, endpointUrl }: DoctorOptions,
  deps: DoctorDeps,
  sightOf: SightOf,
): Promise<void> {
  const { tables, onProgress, lookup } = deps;
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
    lookAtStates(stage, sight, {
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
    ownQueues: queueNames(resources),
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

const queueNames = (resources: Desired['resources']): readonly string[] =>
  Object.values(resources).flatMap(({ Type, Properties }) =>
    Type === 'AWS::SQS::Queue' ? [String(Properties.QueueName)] : [],
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
