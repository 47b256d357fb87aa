// The doctor: checks a stage and returns a report. The order matters, because later checks use the results of earlier ones.
// It changes nothing, and invokes no function.
import { lookAtAlarms } from './alarms.ts';
import { lookAtCapacity } from './capacity.ts';
import type { DoctorClients } from './clients.ts';
import { lookAtClock } from './clock.ts';
import { type Desired, desiredStage } from './desired.ts';
import type { CheckName, Report } from './finding.ts';
import { compareFunctions } from './function-settings.ts';
import { environmentsOf, readFunctions } from './functions.ts';
import {
  type GivenParameters,
  givenParameters,
  lookAtParameters,
  readParameters,
} from './given-parameters.ts';
import { lookAtMappings } from './mappings.ts';
import { namesOfStage, type StageNames } from './physical.ts';
import { compareQueues } from './queue-attributes.ts';
import { lookAtUndeliverable, readQueues } from './queues.ts';
import { lookAtItems, type RegisteredDeps } from './registered.ts';
import { lookAtRoles } from './roles.ts';
import { lookAtEventBus, lookAtSchedule } from './schedule.ts';
import { lookAtStack } from './stack.ts';
import { lookAtTables } from './tables.ts';
import { createSight, type SightOf } from './unseen.ts';

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

export type DoctorDeps = DoctorClients &
  RegisteredDeps & {
    readonly fetch: typeof globalThis.fetch;
    readonly now: () => number;
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
  await lookAtItems(desired, sightOf, { ...deps, names, endpointUrl: options.endpointUrl });
  await lookAtClock(options.clockUrl, sightOf('clock'), deps);
  return report;
}

type Seen = Pick<StageNames, 'names'> & {
  readonly desired: Desired;
  readonly isDeployed: boolean;
};

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
  return { desired, names, isDeployed };
}

const STEPS = 7;
