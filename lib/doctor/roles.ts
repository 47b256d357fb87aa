// The roles' rights: the policies that the template wants against those that a role has, and what IAM itself says, which also
// knows permissions boundaries and the policies of the organisation.
import {
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { ResourceNames } from '#lib/build/intrinsics.ts';
import type { DoctorClients } from './clients.ts';
import { type Desired, resolved } from './desired.ts';
import type { SeenFunctions } from './functions.ts';
import { inTurn } from './in-turn.ts';
import { type Grant, grantsOf, grantText } from './policy.ts';
import type { Sight } from './unseen.ts';

type Iam = Pick<IAMClient, 'send'>;
type Deps = Pick<DoctorClients, 'iam'> & {
  readonly functions: SeenFunctions;
  readonly names: ResourceNames | undefined;
};

const roleSchema = z.looseObject({
  Policies: z.array(z.object({ PolicyName: z.string(), PolicyDocument: z.unknown() })),
  ManagedPolicyArns: z.array(z.unknown()).default([]),
});

/** Compares the rights of each function's role with the template, and has IAM simulate them. */
export async function lookAtRoles(
  desired: Desired,
  sight: Sight,
  { iam, functions, names }: Deps,
): Promise<void> {
  if (names === undefined) {
    sight.skip('the rights of the roles', 'the names of the roles are not known');
    return;
  }
  for (const { name, role } of desired.functions) {
    const has = functions.get(name);
    if (has === undefined) continue;
    const where = `${desired.stackName}-${name}`;
    const arn = compareRole(has, role, names, sight, where);
    const wanted = roleSchema.parse(resolved(desired.resources[role]?.Properties, desired, names));
    const grants = wanted.Policies.flatMap(({ PolicyDocument }) => grantsOf(PolicyDocument));
    const roleName = arn.slice(arn.lastIndexOf('/') + 1);
    const read = await sight.look(
      `the policies of the role of ${name}`,
      'iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies',
      () => readPolicies(roleName, iam),
    );
    if (read !== undefined)
      comparePolicies(grants, wanted.ManagedPolicyArns.map(String), read, sight, roleName);
    await simulate(grants, { arn, roleName, name, sight, iam });
  }
}

/** Returns the ARN of the role that the function has. */
function compareRole(
  { Role = '' }: FunctionConfiguration,
  logicalId: string,
  names: ResourceNames,
  sight: Sight,
  where: string,
): string {
  const wants = names.resources.get(logicalId)?.attributes.Arn;
  if (wants !== undefined && wants !== Role) {
    sight.find({
      severity: 'error',
      where,
      what: `The function has the role ${Role} instead of ${wants}: its rights are others.`,
      fix: `Give the function its role back: aws lambda update-function-configuration --function-name ${where} --role ${wants}`,
    });
  }
  return Role;
}

type ReadPolicies = { readonly grants: readonly Grant[]; readonly attached: readonly string[] };

async function readPolicies(RoleName: string, iam: Iam): Promise<ReadPolicies> {
  const names: string[] = [];
  for (let Marker: string | undefined; ; ) {
    const page = await iam.send(
      new ListRolePoliciesCommand({ RoleName, ...(Marker !== undefined && { Marker }) }),
    );
    names.push(...(page.PolicyNames ?? []));
    Marker = page.IsTruncated === true ? page.Marker : undefined;
    if (Marker === undefined) break;
  }
  const documents = await Promise.all(
    names.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
  );
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  return {
    grants: documents.flatMap(({ PolicyDocument = '{}' }) => grantsOf(PolicyDocument)),
    attached: AttachedPolicies.map(({ PolicyArn = '' }) => PolicyArn),
  };
}

function comparePolicies(
  wanted: readonly Grant[],
  attached: readonly string[],
  read: ReadPolicies,
  sight: Sight,
  where: string,
): void {
  const has = new Set(read.grants.map(grantText));
  const wants = new Set(wanted.map(grantText));
  const missing = [
    ...[...wants].filter((one) => !has.has(one)),
    ...attached.filter((one) => !read.attached.includes(one)),
  ];
  if (missing.length > 0) {
    sight.find({
      severity: 'error',
      where,
      what: `The role lacks what this version gives it: ${shortened(missing)}.`,
      fix: 'Put the policy of serverless.yml back. A plain deployment does not see a policy that was changed by hand: deploy with a changed parameter that the policy holds, or edit the policy.',
    });
  }
  const extra = [
    ...[...has].filter((one) => !wants.has(one)),
    ...read.attached.filter((one) => !attached.includes(one)),
  ];
  if (extra.length > 0) {
    sight.find({
      severity: 'warning',
      where,
      what: `The role has what this version does not give it: ${shortened(extra)}.`,
      fix: 'Remove what you did not add yourself.',
    });
  }
}

const MOST_SHOWN = 4;
const shortened = (all: readonly string[]): string =>
  all.length <= MOST_SHOWN
    ? all.join('; ')
    : `${all.slice(0, MOST_SHOWN).join('; ')}; and ${all.length - MOST_SHOWN} more`;

type Simulation = {
  readonly arn: string;
  readonly roleName: string;
  readonly name: string;
  readonly sight: Sight;
  readonly iam: Iam;
};

/** Returns one ARN that matches the pattern: IAM simulates single resources only. */
const example = (pattern: string): string => pattern.replaceAll('*', 'doctor').replaceAll('?', 'd');

async function simulate(
  grants: readonly Grant[],
  { arn, roleName, name, sight, iam }: Simulation,
): Promise<void> {
  const denies = grants.filter(({ effect }) => effect === 'Deny').map(({ resource }) => example(resource));
  const byResource = Map.groupBy(
    grants.filter(({ effect }) => effect === 'Allow'),
    ({ resource }) => example(resource),
  );
  const asked = [...byResource].filter(([resource]) => !denies.includes(resource));
  const denied = await sight.look(`a simulation of the role of ${name}`, 'iam:SimulatePrincipalPolicy', () =>
    inTurn(asked, 4, async ([resource, some]) => {
      const { EvaluationResults = [] } = await iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn: arn,
          ActionNames: [...new Set(some.map(({ action }) => action))],
          ResourceArns: [resource],
        }),
      );
      return EvaluationResults.flatMap(({ EvalActionName = '', EvalDecision = '' }) =>
        EvalDecision === 'allowed' ? [] : [`${EvalActionName} on ${resource} (${EvalDecision})`],
      );
    }),
  );
  if (denied === undefined || denied.flat().length === 0) return;
  sight.find({
    severity: 'error',
    where: roleName,
    what: `IAM denies the role: ${shortened(denied.flat())}.`,
    fix: "Correct the role's policies, its permissions boundary, or the policy of the organisation that denies it.",
  });
}
