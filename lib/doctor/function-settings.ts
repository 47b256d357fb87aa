// The functions against the template: runtime, timeout, memory, environment, network, code, and what Lambda may do with them:
// reserved concurrency and the detection of loops.
import {
  type FunctionConfiguration,
  GetFunctionConcurrencyCommand,
  GetFunctionRecursionConfigCommand,
} from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { ResourceNames } from '#lib/build/intrinsics.ts';
import type { Packaged } from '#lib/build/packaged.ts';
import type { DoctorClients } from './clients.ts';
import { type Desired, type DesiredFunction, resolved } from './desired.ts';
import type { SeenFunctions } from './functions.ts';
import type { Sight } from './unseen.ts';

type Known = {
  readonly names: ResourceNames | undefined;
  readonly packaged: Packaged | undefined;
};

/** Compares the functions with the template and with the packaged code, and asks Lambda whether each function is ready. */
export async function compareFunctions(
  functions: SeenFunctions,
  desired: Desired,
  sight: Sight,
  known: Known & Pick<DoctorClients, 'lambda'>,
): Promise<void> {
  for (const wanted of desired.functions) {
    const has = functions.get(wanted.name);
    if (has === undefined) continue;
    compareConfiguration(wanted, has, desired, sight);
    compareEnvironment(wanted, has, desired, sight, known);
    compareCode(wanted, has, sight, known);
    await compareLimits(wanted, desired, sight, known);
  }
}

function compareConfiguration(
  wanted: DesiredFunction,
  has: FunctionConfiguration,
  { stackName, provider }: Desired,
  sight: Sight,
): void {
  const where = `${stackName}-${wanted.name}`;
  const compare = (name: string, value: unknown, wants: unknown, because: string) => {
    if (value === wants) return;
    sight.find({
      severity: 'error',
      where,
      what: `${name} is ${value} instead of ${wants}: ${because}.`,
      fix: 'Set it back, or deploy with the parameter that you want.',
    });
  };
  compare(
    'The timeout',
    has.Timeout,
    wanted.timeout,
    'Lambda ends the function at another moment than it expects',
  );
  compare(
    'The memory',
    has.MemorySize,
    wanted.memorySize ?? provider.memorySize,
    'the function has another share of a CPU, or too little memory for a batch',
  );
  compare('The runtime', has.Runtime, provider.runtime, 'the code is made for this version of Node');
  compare(
    'The architecture',
    has.Architectures?.[0] ?? provider.architecture,
    provider.architecture,
    'its price and speed differ',
  );
  if (has.State !== undefined && has.State !== 'Active') {
    sight.find({
      severity: 'error',
      where,
      what: `The function is ${has.State} (${has.StateReason ?? has.StateReasonCode ?? 'no reason'}).`,
      fix: 'Correct what the reason says, and deploy again.',
    });
  }
  if (has.LastUpdateStatus === 'Failed') {
    sight.find({
      severity: 'error',
      where,
      what: `Its last update failed (${has.LastUpdateStatusReason ?? 'no reason'}).`,
      fix: 'Correct what the reason says, and deploy again.',
    });
  }
  const subnets = has.VpcConfig?.SubnetIds ?? [];
  const wantedSubnets = wanted.vpc?.subnetIds ?? [];
  if ([...subnets].sort().join() !== [...wantedSubnets].sort().join()) {
    sight.find({
      severity: 'error',
      where,
      what: `The function is in ${subnets.length === 0 ? 'no VPC' : `the subnets ${subnets.join(', ')}`} instead of ${wantedSubnets.length === 0 ? 'none' : wantedSubnets.join(', ')}: it reaches other addresses.`,
      fix: 'Deploy with the parameters vpcSubnetIds and vpcSecurityGroupIds that you want.',
    });
  }
}

function compareEnvironment(
  wanted: DesiredFunction,
  { Environment }: FunctionConfiguration,
  desired: Desired,
  sight: Sight,
  { names }: Known,
): void {
  const where = `${desired.stackName}-${wanted.name}`;
  const variables = Environment?.Variables ?? {};
  for (const [variable, value] of Object.entries(wanted.environment)) {
    const has = variables[variable];
    if (names === undefined && typeof value === 'object') continue;
    const wants = String(names === undefined ? value : resolved(value, desired, names));
    if (has === wants) continue;
    sight.find({
      severity: 'error',
      where,
      what:
        has === undefined
          ? `The variable ${variable} is not set: the function stops when it starts.`
          : `The variable ${variable} is ${JSON.stringify(has)} instead of ${JSON.stringify(wants)}.`,
      fix: `Set ${variable} back to ${JSON.stringify(wants)}, or deploy with the parameter that you want.`,
    });
  }
  const extra = Object.keys(variables).filter(
    (name) => !(name in wanted.environment) && name !== 'AWS_ENDPOINT_URL',
  );
  if (extra.length === 0) return;
  sight.find({
    severity: 'warning',
    where,
    what: `The function has variables that this version does not set: ${extra.sort().join(', ')}.`,
    fix: 'Remove what you did not add yourself.',
  });
}

function compareCode(
  { name }: DesiredFunction,
  { CodeSha256, FunctionName = '' }: FunctionConfiguration,
  sight: Sight,
  { packaged }: Known,
): void {
  const wants = packaged?.code[name];
  if (wants === undefined || CodeSha256 === undefined) {
    sight.skip(`the code of ${name}`, 'the stack does not say which code it was deployed with');
    return;
  }
  if (CodeSha256 === wants) return;
  sight.find({
    severity: 'warning',
    where: FunctionName,
    what: 'The code is not what the stack was deployed with: somebody has replaced it.',
    fix: 'Deploy the stage again.',
  });
}

const recursionSchema = z.enum(['Allow', 'Terminate']);

async function compareLimits(
  wanted: DesiredFunction,
  { stackName }: Desired,
  sight: Sight,
  { lambda }: Pick<DoctorClients, 'lambda'>,
): Promise<void> {
  const FunctionName = `${stackName}-${wanted.name}`;
  const reserved = await sight.look(
    `the reserved concurrency of ${wanted.name}`,
    'lambda:GetFunctionConcurrency',
    () => lambda.send(new GetFunctionConcurrencyCommand({ FunctionName })),
  );
  const most = wanted.events.reduce(
    (sum, event) => sum + ('sqs' in event ? event.sqs.maximumConcurrency : 1),
    0,
  );
  const has = reserved?.ReservedConcurrentExecutions;
  if (has !== undefined && has < Math.max(most, 1)) {
    sight.find({
      severity: 'error',
      where: FunctionName,
      what: `Its reserved concurrency is ${has}, and its events may start ${Math.max(most, 1)} invocations: Lambda receives messages and throttles them, and each throttle costs a visibility timeout.`,
      fix: 'Remove the reserved concurrency. To stop deliveries, disable the event source mapping instead.',
    });
  }
  if (wanted.recursiveLoop === undefined) return;
  const loop = await sight.look(
    `the detection of loops of ${wanted.name}`,
    'lambda:GetFunctionRecursionConfig',
    () => lambda.send(new GetFunctionRecursionConfigCommand({ FunctionName })),
  );
  const allowed = recursionSchema.safeParse(loop?.RecursiveLoop);
  if (!allowed.success || allowed.data === wanted.recursiveLoop) return;
  sight.find({
    severity: 'error',
    where: FunctionName,
    what: `Lambda ends recursive loops of the function (${allowed.data}): a message that comes back about 16 times is dropped.`,
    fix: `Set its recursive loop detection to ${wanted.recursiveLoop}.`,
  });
}
