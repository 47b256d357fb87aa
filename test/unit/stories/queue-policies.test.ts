// The policies of our own queues in serverless.yml: exactly the functions that send to a queue may send to it.
import { expect, test } from 'vitest';
import * as z from 'zod';
import { serverlessResources } from '#test/support/serverless-resources.ts';

// A statement behind Fn::If has neither.
const statements = z.array(
  z.looseObject({ Action: z.unknown().optional(), Resource: z.unknown().optional() }),
);
const rolePolicies = z.array(z.object({ PolicyDocument: z.object({ Statement: statements }) }));
const queuePolicy = z.object({
  Queues: z.tuple([z.object({ Ref: z.string() })]),
  PolicyDocument: z.object({ Version: z.literal('2012-10-17'), Statement: z.array(z.unknown()).length(1) }),
});
const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const resources = Object.entries(serverlessResources());
const namesOf = (type: string) => resources.flatMap(([name, { Type }]) => (Type === type ? [name] : []));

/** The roles that may send to the queue. */
const sendersTo = (queue: string) =>
  resources.flatMap(([name, { Type, Properties }]) => {
    if (Type !== 'AWS::IAM::Role') return [];
    const all = rolePolicies
      .parse(Properties.Policies)
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    const sends = all.some(
      ({ Action, Resource }) =>
        [Action].flat().includes('sqs:SendMessage') &&
        [Resource].flat().some((one) => JSON.stringify(one) === JSON.stringify(arnOf(queue))),
    );
    return sends ? [name] : [];
  });

/** The publishers' queues: the account decides who sends to them. */
const PUBLIC = ['MessagesQueue', 'MessagesFifoQueue'];
const ours = namesOf('AWS::SQS::Queue').filter((name) => !PUBLIC.includes(name));

test('each of our own queues has a policy, and no queue of the publishers has one', () => {
  const policies = resources.filter(([, { Type }]) => Type === 'AWS::SQS::QueuePolicy');
  const queues = policies.map(([, { Properties }]) => queuePolicy.parse(Properties).Queues[0].Ref);
  expect(queues.toSorted()).toEqual(ours.toSorted());
  expect(ours).toHaveLength(4);
});

test.each(ours)('%s takes messages from the roles that send to it, and from no other principal', (queue) => {
  const [, policy] = resources.find(([name]) => name === `${queue}Policy`) ?? [];
  const senders = sendersTo(queue);
  expect(senders).not.toEqual([]);
  expect(queuePolicy.parse(policy?.Properties).PolicyDocument.Statement).toEqual([
    {
      Sid: 'OnlyTheFunctionsSend',
      Effect: 'Deny',
      Principal: '*',
      Action: 'sqs:SendMessage',
      Resource: arnOf(queue),
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': senders.map(arnOf) } },
    },
  ]);
});

test.each(ours)('no other queue may have %s as its dead-letter queue', (queue) => {
  const [, resource] = resources.find(([name]) => name === queue) ?? [];
  expect(resource?.Properties.RedriveAllowPolicy).toEqual({ redrivePermission: 'denyAll' });
});
