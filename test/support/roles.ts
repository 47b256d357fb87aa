// Credentials of a deployed function's role, so that a test has exactly the function's rights.
import {
  CreateRoleCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { REGION, ROOT } from './ministack.ts';

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string };

/** Gets credentials of the function's role. Afterwards the role's trust policy is as before. */
export async function credentialsOf(functionName: string, endpoint: string): Promise<Credentials> {
  const config = { endpoint, region: REGION, credentials: ROOT };
  const iam = new IAMClient(config);
  const { Role: RoleArn = '' } = await new LambdaClient(config).send(
    new GetFunctionConfigurationCommand({ FunctionName: functionName }),
  );
  const RoleName = RoleArn.slice(RoleArn.lastIndexOf('/') + 1);
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
  if (JSON.parse(trust).Statement.length !== 1 || !trust.includes('lambda.amazonaws.com')) {
    throw new Error(`${RoleName} may be assumed by others than Lambda: ${trust}`);
  }
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: ANYBODY }));
  const credentials = await assumed(RoleArn, endpoint);
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust }));
  return credentials;
}

/** Credentials of a new role of this name, which no stack has made and which may do everything. */
export async function administratorCalled(RoleName: string, endpoint: string): Promise<Credentials> {
  const iam = new IAMClient({ endpoint, region: REGION, credentials: ROOT });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: ANYBODY }));
  await iam.send(
    new PutRolePolicyCommand({ RoleName, PolicyName: 'everything', PolicyDocument: EVERYTHING }),
  );
  return await assumed(Role?.Arn ?? '', endpoint);
}

async function assumed(RoleArn: string, endpoint: string): Promise<Credentials> {
  const { Credentials } = await new STSClient({ endpoint, region: REGION, credentials: ROOT }).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }),
  );
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
}

const ANYBODY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
});

const EVERYTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
