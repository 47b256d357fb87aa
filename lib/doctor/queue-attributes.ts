// The queues against the template: their attributes and policies, and how close they are to their limits.
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { ResourceNames } from '#lib/build/intrinsics.ts';
import { isObject } from '#lib/item/json.ts';
import { type Desired, desiredOf, resolved } from './desired.ts';
import { differences } from './policy.ts';
import type { SeenQueue } from './queues.ts';
import type { Sight } from './unseen.ts';

const queueSchema = z.looseObject({ QueueName: z.string() });

/** Attributes that no queue of ours may have, with the consequence. */
const NEVER: Readonly<Record<string, { isWrong: (value: string) => boolean; because: string }>> = {
  RedrivePolicy: {
    isWrong: (value) => value !== '',
    because: 'SQS moves messages away by itself, which breaks their order and hides the reason',
  },
  DelaySeconds: { isWrong: (value) => value !== '0', because: 'every message waits before it is received' },
  ContentBasedDeduplication: {
    isWrong: (value) => value === 'true',
    because: 'SQS drops a message that has the body of another',
  },
};

const SECONDS = /Seconds$|Timeout$|Period$/;

/** The consequence of a wrong value, by attribute. Attributes that are not here are reported without a consequence. */
const BECAUSE: Readonly<Record<string, string>> = {
  VisibilityTimeout: 'a message is received again while it is worked on, or waits longer after a failure',
  MessageRetentionPeriod: 'SQS deletes messages that wait longer',
  MaximumMessageSize: 'SQS refuses larger messages, also those that carry our own attribute',
  DeduplicationScope: 'SQS drops messages of other groups as duplicates',
  FifoThroughputLimit: 'all groups share 300 calls a second',
  SqsManagedSseEnabled: 'messages are stored without encryption',
  KmsMasterKeyId: 'messages are stored under another key, which the functions may not be allowed to use',
  RedriveAllowPolicy:
    'another queue of the account may name this one as its dead-letter queue, and so put forged messages on it',
  ReceiveMessageWaitTimeSeconds: 'receives answer at once, which costs more calls',
};

/** Compares the queues with the template. `names` resolves the policies; undefined: they can't be compared. */
export function compareQueues(
  queues: readonly SeenQueue[],
  desired: Desired,
  sight: Sight,
  { names, hasPolicies }: { readonly names: ResourceNames | undefined; readonly hasPolicies: boolean },
): void {
  const wanted = new Map(desiredOf(desired, 'AWS::SQS::Queue').map((one) => [one.logicalId, one.properties]));
  for (const { logicalId, name, attributes } of queues) {
    compareAttributes(name, queueSchema.parse(wanted.get(logicalId)), attributes, sight);
    nearItsLimits(name, attributes, sight);
  }
  if (!hasPolicies || names === undefined) {
    sight.skip(
      'the policies of the queues',
      hasPolicies ? 'the names of the roles are not known' : 'npm start has no queue policies',
    );
    return;
  }
  for (const { properties } of desiredOf(desired, 'AWS::SQS::QueuePolicy'))
    comparePolicy(properties, queues, sight, { desired, names });
}

function compareAttributes(
  where: string,
  { QueueName: _, ...properties }: z.infer<typeof queueSchema>,
  attributes: SeenQueue['attributes'],
  sight: Sight,
): void {
  for (const [name, value] of Object.entries(properties)) {
    const has = attributes[name];
    const wants = isObject(value) ? JSON.stringify(value) : String(value);
    if (has === wants || (has !== undefined && isObject(value) && isSameJson(has, value))) continue;
    if (has === undefined && name === 'SqsManagedSseEnabled' && attributes.KmsMasterKeyId === undefined) {
      sight.skip(`whether ${where} is encrypted`, 'SQS does not tell it here');
      continue;
    }
    const unit = SECONDS.test(name) ? ' s' : '';
    const because = BECAUSE[name] === undefined ? '' : `: ${BECAUSE[name]}`;
    sight.find({
      severity: name === 'ReceiveMessageWaitTimeSeconds' ? 'warning' : 'error',
      where,
      what: `${name} is ${has === undefined ? 'not set' : `${has}${unit}`} instead of ${wants}${unit}${because}.`,
      fix: `Set it back to ${wants}, or deploy with the parameter that you want.`,
    });
  }
  for (const [name, { isWrong, because }] of Object.entries(NEVER)) {
    const has = attributes[name];
    if (has === undefined || !isWrong(has)) continue;
    sight.find({
      severity: 'error',
      where,
      what: `${name} is ${has}: ${because}.`,
      fix: `Remove ${name} from the queue.`,
    });
  }
  if (attributes.KmsMasterKeyId && properties.KmsMasterKeyId === undefined) {
    sight.find({
      severity: 'error',
      where,
      what: `The queue is encrypted with the key ${attributes.KmsMasterKeyId}, which the functions have no right to use.`,
      fix: 'Remove the key from the queue, or deploy with the parameter kmsKeyArn.',
    });
  }
}

/** Whether an attribute means the same as the object in the template. */
function isSameJson(text: string, value: object): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), value);
  } catch {
    return false;
  }
}

/** The most messages in flight that SQS allows for one queue. */
const MOST_IN_FLIGHT = 120_000;
/** `route` stops adding to deliveries.fifo at this number of messages, so that SQS does not stop its groups. */
const MOST_DELIVERIES = 80_000;

function nearItsLimits(where: string, attributes: SeenQueue['attributes'], sight: Sight): void {
  const inFlight = Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0);
  if (inFlight > 0.8 * MOST_IN_FLIGHT) {
    sight.find({
      severity: 'warning',
      where,
      what: `${inFlight} messages are in flight; SQS allows a queue ${MOST_IN_FLIGHT}, and receives nothing above that.`,
      fix: 'Look for receivers that take long (webhooks status), or for functions that fail.',
    });
  }
  const waiting = Number(attributes.ApproximateNumberOfMessages ?? 0);
  if (attributes.FifoQueue === 'true' && waiting + inFlight >= MOST_DELIVERIES) {
    sight.find({
      severity: 'warning',
      where,
      what: `${waiting + inFlight} messages are on the queue; at ${MOST_DELIVERIES} route stops adding to deliveries.fifo.`,
      fix: 'Raise deliverMaximumConcurrency, or pause the subscriptions that hold up the queue.',
    });
  }
}

const policySchema = z.object({
  Queues: z.array(z.object({ Ref: z.string() })),
  PolicyDocument: z.unknown(),
});

function comparePolicy(
  properties: unknown,
  queues: readonly SeenQueue[],
  sight: Sight,
  { desired, names }: { readonly desired: Desired; readonly names: ResourceNames },
): void {
  const { Queues, PolicyDocument } = policySchema.parse(properties);
  for (const { Ref } of Queues) {
    const queue = queues.find(({ logicalId }) => logicalId === Ref);
    if (queue === undefined) continue;
    const { missing, extra } = differences(
      resolved(PolicyDocument, desired, names),
      queue.attributes.Policy ?? '{}',
    );
    if (missing.length > 0) {
      sight.find({
        severity: 'error',
        where: queue.name,
        what: 'The policy of the queue does not deny sqs:SendMessage to all but the functions: a forged message would be believed.',
        fix: 'Deploy the stage with a changed parameter, or put the policy of serverless.yml back.',
      });
    }
    if (extra.length > 0) {
      sight.find({
        severity: 'warning',
        where: queue.name,
        what: `The policy of the queue has ${extra.length === 1 ? 'a statement' : `${extra.length} statements`} that this version does not have: ${extra.join('; ')}.`,
        fix: 'Remove what you did not add yourself.',
      });
    }
  }
}
