// The deployed stack: its state, the physical names of its resources, and the version and parameters that the plugin wrote
// into its template.
import {
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import { METADATA, type Packaged, packagedSchema } from '#lib/build/packaged.ts';
import type { DoctorClients } from './clients.ts';
import type { Sight } from './unseen.ts';

export type DeployedStack = {
  /** Undefined: there is no stack, or it could not be looked at. */
  readonly id: string | undefined;
  readonly exists: boolean | undefined;
  /** Physical ids by logical id. */
  readonly resources: ReadonlyMap<string, string>;
  /** Undefined: the template does not say it, or could not be read. */
  readonly packaged: Packaged | undefined;
};

type Deps = Pick<DoctorClients, 'cloudFormation'> & { readonly version: string };

/** Reads the stack. Findings: a stack that failed, is being changed, or is of another version. */
export async function lookAtStack(
  stackName: string,
  sight: Sight,
  { cloudFormation, version }: Deps,
): Promise<DeployedStack> {
  const found = await sight.look('the stack', 'cloudformation:DescribeStacks', () =>
    describeStack(stackName, cloudFormation),
  );
  if (found === 'absent') {
    sight.find({
      severity: 'warning',
      where: stackName,
      what: 'The stack does not exist: what there is of the stage was kept when it was removed, or was made by hand.',
      fix: 'Import what was kept into a new stack of this name, or remove it and deploy the stage.',
    });
  }
  if (found === undefined || found === 'absent')
    return {
      id: undefined,
      exists: found === 'absent' ? false : undefined,
      resources: new Map(),
      packaged: undefined,
    };
  findStatus(stackName, found, sight);
  const resources = await sight.look('the names of its resources', 'cloudformation:ListStackResources', () =>
    listResources(stackName, cloudFormation),
  );
  const packaged = await sight.look('its version and parameters', 'cloudformation:GetTemplate', () =>
    readPackaged(stackName, cloudFormation),
  );
  if (packaged === null) {
    sight.find({
      severity: 'warning',
      where: stackName,
      what: 'The stack was deployed by an older version, which did not write its parameters into the template.',
      fix: `Deploy this version (${version}). Until then give the parameters of the stage with --param, or the doctor takes those that the functions have, and the defaults.`,
    });
  } else if (packaged !== undefined && packaged.version !== version) {
    sight.find({
      severity: 'warning',
      where: stackName,
      what: `The stack was deployed by version ${packaged.version}, and this is ${version}.`,
      fix: 'Deploy this version, or use the CLI of the deployed one.',
    });
  }
  return {
    id: found.id,
    exists: true,
    resources: resources ?? new Map(),
    packaged: packaged ?? undefined,
  };
}

type Described = { readonly id: string; readonly status: string; readonly reason: string };

async function describeStack(
  StackName: string,
  cloudFormation: Deps['cloudFormation'],
): Promise<Described | 'absent'> {
  try {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    const [stack] = Stacks;
    if (stack === undefined) return 'absent';
    return {
      id: stack.StackId ?? '',
      status: stack.StackStatus ?? '',
      reason: stack.StackStatusReason ?? '',
    };
  } catch (error) {
    // CloudFormation has no error of its own for a stack that does not exist.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message))
      return 'absent';
    throw error;
  }
}

const SETTLED = /^(CREATE|UPDATE|IMPORT)_COMPLETE$/;

function findStatus(where: string, { status, reason }: Described, sight: Sight): void {
  if (SETTLED.test(status)) return;
  const because = reason === '' ? '' : ` (${reason})`;
  if (status.endsWith('IN_PROGRESS')) {
    sight.find({
      severity: 'warning',
      where,
      what: `The stack is being changed: ${status}.`,
      fix: 'Wait until the deployment has ended, and run the doctor again.',
    });
    return;
  }
  sight.find({
    severity: /^(UPDATE_ROLLBACK_COMPLETE|IMPORT_ROLLBACK_COMPLETE)$/.test(status) ? 'warning' : 'error',
    where,
    what: `The last deployment failed: ${status}${because}.`,
    fix: "Read the stack's events in CloudFormation, correct the cause, and deploy again.",
  });
}

async function listResources(
  StackName: string,
  cloudFormation: Deps['cloudFormation'],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let NextToken: string | undefined; ; ) {
    const page = await cloudFormation.send(
      new ListStackResourcesCommand({ StackName, ...(NextToken !== undefined && { NextToken }) }),
    );
    for (const { LogicalResourceId = '', PhysicalResourceId = '' } of page.StackResourceSummaries ?? [])
      found.set(LogicalResourceId, PhysicalResourceId);
    NextToken = page.NextToken;
    if (NextToken === undefined || NextToken === '') return found;
  }
}

const templateSchema = z.looseObject({ Metadata: z.looseObject({ [METADATA]: packagedSchema }) });

/** Null: the template does not say it. */
async function readPackaged(
  StackName: string,
  cloudFormation: Deps['cloudFormation'],
): Promise<Packaged | null> {
  const { TemplateBody = '{}' } = await cloudFormation.send(
    new GetTemplateCommand({ StackName, TemplateStage: 'Original' }),
  );
  const read = templateSchema.safeParse(parsedJson(TemplateBody));
  return read.success ? (read.data.Metadata[METADATA] as Packaged) : null;
}

/** A template that somebody else wrote may be YAML. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
