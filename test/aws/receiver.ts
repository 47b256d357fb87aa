// The stack beside the stage: the receiver with its URL and its table, and the queue of an endpoint for dead letters.
import { readFileSync } from 'node:fs';
import {
  type CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

const requestSchema = z.object({
  n: z.number(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  arrivedAt: z.number(),
  endedAt: z.number(),
});
export type SeenRequest = z.infer<typeof requestSchema>;

export const driveStackName = (stage: string): string => `webhooks-${stage}-drive`;
const lettersQueueName = (stage: string): string => `webhooks-${stage}-drive-letters`;

/** The template. `nodePath`: where an emulator's functions find the AWS SDK, which Lambda's runtime has. */
export function driveTemplate(stage: string, nodePath: string | undefined) {
  const name = driveStackName(stage);
  const receiver = { 'Fn::GetAtt': ['Receiver', 'Arn'] };
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'The receiver of npm run test:aws. Delete it with the stage.',
    Resources: {
      Requests: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: `${name}-requests`,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'path', AttributeType: 'S' },
            { AttributeName: 'id', AttributeType: 'S' },
          ],
          KeySchema: [
            { AttributeName: 'path', KeyType: 'HASH' },
            { AttributeName: 'id', KeyType: 'RANGE' },
          ],
        },
      },
      Letters: {
        Type: 'AWS::SQS::Queue',
        Properties: { QueueName: lettersQueueName(stage), SqsManagedSseEnabled: true },
      },
      // Without a right to write logs, so that Lambda makes no log group, which would stay.
      ReceiverRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Service: 'lambda.amazonaws.com' },
                Action: 'sts:AssumeRole',
              },
            ],
          },
          Policies: [
            {
              PolicyName: 'requests',
              PolicyDocument: {
                Version: '2012-10-17',
                Statement: [
                  {
                    Effect: 'Allow',
                    Action: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
                    Resource: { 'Fn::GetAtt': ['Requests', 'Arn'] },
                  },
                ],
              },
            },
          ],
        },
      },
      Receiver: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: name,
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
          Handler: 'index.handler',
          MemorySize: 512,
          Timeout: 20,
          Role: { 'Fn::GetAtt': ['ReceiverRole', 'Arn'] },
          Environment: {
            Variables: { TABLE: { Ref: 'Requests' }, ...(nodePath !== undefined && { NODE_PATH: nodePath }) },
          },
          Code: { ZipFile: readFileSync(new URL('./receiver.cjs', import.meta.url), 'utf8') },
        },
      },
      ReceiverUrl: {
        Type: 'AWS::Lambda::Url',
        Properties: { TargetFunctionArn: receiver, AuthType: 'NONE' },
      },
      // A URL for everybody needs both permissions.
      UrlPermission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          FunctionName: receiver,
          Action: 'lambda:InvokeFunctionUrl',
          Principal: '*',
          FunctionUrlAuthType: 'NONE',
        },
      },
      InvokePermission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          FunctionName: receiver,
          Action: 'lambda:InvokeFunction',
          Principal: '*',
          InvokedViaFunctionUrl: true,
        },
      },
    },
    Outputs: {
      Url: { Value: { 'Fn::GetAtt': ['ReceiverUrl', 'FunctionUrl'] } },
      RequestsTable: { Value: { Ref: 'Requests' } },
      LettersUrl: { Value: { Ref: 'Letters' } },
      LettersArn: { Value: { 'Fn::GetAtt': ['Letters', 'Arn'] } },
    },
  };
}

export type DriveStack = {
  readonly url: string;
  readonly requestsTable: string;
  readonly lettersUrl: string;
  readonly lettersArn: string;
};

type Deps = {
  readonly cloudFormation: CloudFormationClient;
  readonly stage: string;
  /** Undefined: AWS itself. */
  readonly endpointUrl: string | undefined;
  readonly nodePath: string | undefined;
};

const WITHIN_SECONDS = 300;

/** Creates the stack and waits for it. Throws when it fails. */
export async function createDriveStack({
  cloudFormation,
  stage,
  endpointUrl,
  nodePath,
}: Deps): Promise<DriveStack> {
  const StackName = driveStackName(stage);
  await cloudFormation.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify(driveTemplate(stage, nodePath)),
      Capabilities: ['CAPABILITY_IAM'],
      Tags: [
        { Key: 'service', Value: 'sqs-webhooks' },
        { Key: 'stage', Value: stage },
      ],
    }),
  );
  await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: WITHIN_SECONDS, minDelay: 1, maxDelay: 5 },
    { StackName },
  );
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
  const output = (key: string): string => {
    const value = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    if (value === undefined) throw new Error(`The stack ${StackName} has no output ${key}`);
    return value;
  };
  return {
    url: reachable(output('Url'), endpointUrl),
    requestsTable: output('RequestsTable'),
    lettersUrl: output('LettersUrl'),
    lettersArn: output('LettersArn'),
  };
}

/** An emulator gives the URL the host name that AWS would, and answers it under a path of its own. */
function reachable(url: string, endpointUrl: string | undefined): string {
  const [id] = new URL(url).hostname.split('.');
  return (endpointUrl === undefined ? url : `${endpointUrl}/_aws/lambda-url/${id}`).replace(/\/$/, '');
}

/** The requests on a path, in the order of their arrival. */
export async function requestsOn(
  path: string,
  { documents, table }: { readonly documents: DynamoDBDocumentClient; readonly table: string },
): Promise<readonly SeenRequest[]> {
  const found: SeenRequest[] = [];
  for (let after: Record<string, unknown> | undefined; ; ) {
    const { Items = [], LastEvaluatedKey } = await documents.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#path = :path AND begins_with(id, :request)',
        ExpressionAttributeNames: { '#path': 'path' },
        ExpressionAttributeValues: { ':path': path, ':request': 'request-' },
        ConsistentRead: true,
        ...(after !== undefined && { ExclusiveStartKey: after }),
      }),
    );
    found.push(...Items.map(({ request }) => requestSchema.parse(JSON.parse(String(request)))));
    after = LastEvaluatedKey;
    if (after === undefined) return found;
  }
}

/** The most requests that were open at once. */
export function mostAtOnce(requests: readonly Pick<SeenRequest, 'arrivedAt' | 'endedAt'>[]): number {
  const changes = requests.flatMap(({ arrivedAt, endedAt }) => [
    { at: arrivedAt, by: 1 },
    { at: endedAt, by: -1 },
  ]);
  // Of one millisecond the ends come first.
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  return changes.reduce((most, { by }) => {
    now += by;
    return Math.max(most, now);
  }, 0);
}
