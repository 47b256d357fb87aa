// The queues of the stage: that they exist, and whether undeliverable is empty. queue-attributes.ts compares them with the
// template.
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { DoctorClients } from './clients.ts';
import { type Desired, desiredOf } from './desired.ts';
import { inTurn } from './in-turn.ts';
import type { Sight } from './unseen.ts';

export type SeenQueue = {
  readonly logicalId: string;
  readonly name: string;
  readonly url: string;
  readonly attributes: Readonly<Partial<Record<string, string>>>;
};

const queueSchema = z.looseObject({ QueueName: z.string() });

/** Reads the stage's queues. Finds those that do not exist. A queue that could not be looked at is left out. */
export async function readQueues(
  desired: Desired,
  sight: Sight,
  { sqs }: Pick<DoctorClients, 'sqs'>,
): Promise<readonly SeenQueue[]> {
  const seen = await inTurn(desiredOf(desired, 'AWS::SQS::Queue'), 6, async ({ logicalId, properties }) => {
    const { QueueName: name } = queueSchema.parse(properties);
    const found = await sight.look(`the queue ${name}`, 'sqs:GetQueueUrl, sqs:GetQueueAttributes', () =>
      readQueue(name, sqs),
    );
    if (found !== null) return found === undefined ? [] : [{ logicalId, name, ...found }];
    sight.find({
      severity: 'error',
      where: name,
      what: 'The queue does not exist.',
      fix: REDEPLOY_MISSING,
    });
    return [];
  });
  return seen.flat();
}

/** CloudFormation does not see that a resource was deleted, so a plain deployment does not make it again. */
export const REDEPLOY_MISSING =
  'CloudFormation does not create again what was deleted beside it: remove the resource from the template, deploy, and deploy again with it; or create it by hand with the properties of serverless.yml.';

async function readQueue(
  QueueName: string,
  sqs: Pick<DoctorClients['sqs'], 'send'>,
): Promise<Pick<SeenQueue, 'url' | 'attributes'> | null> {
  try {
    const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    return { url: QueueUrl, attributes: Attributes };
  } catch (error) {
    if (error instanceof Error && /QueueDoesNotExist|NonExistentQueue/.test(error.name)) return null;
    throw error;
  }
}

/** Finds messages in undeliverable. */
export function lookAtUndeliverable(queues: readonly SeenQueue[], stage: string, sight: Sight): void {
  const queue = queues.find(({ logicalId }) => logicalId === 'UndeliverableQueue');
  if (queue === undefined) {
    sight.skip('the queue undeliverable', 'it could not be read');
    return;
  }
  const { ApproximateNumberOfMessages = '0', ApproximateNumberOfMessagesNotVisible = '0' } = queue.attributes;
  const count = Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesNotVisible);
  if (count === 0) return;
  sight.find({
    severity: 'error',
    where: queue.name,
    what: `${count} message${count === 1 ? ' is' : 's are'} in undeliverable: nobody gets ${count === 1 ? 'it' : 'them'}.`,
    fix: `See why with webhooks dead-letters list undeliverable --stage ${stage}, correct the cause, and send with webhooks redrive undeliverable.`,
  });
}
