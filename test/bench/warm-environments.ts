// Warms up all environments of a local set before something is measured. The first invocation of an environment takes fifty
// times the CPU time of a later one, because V8 compiles the code. On AWS an environment lives for hours, so its user pays
// this once; the cold start has a benchmark of its own. A steady load alone would not do: it reaches the last environments
// only in its worst moments, and these would then be the slowest messages of the measured window.
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Service, Services } from '#lib/local/aws/endpoint.ts';
import type { LocalSet } from '#lib/local/set.ts';
import type { Loaded } from './arrivals.ts';
import type { Beside } from './beside.ts';
import { putItems } from './put-items.ts';
import type { AskedOfLoad } from './set-load.ts';

export type WarmUp = {
  /** Given to the local set: SQS answers the functions late during the warm-up, so that they all work at the same time. */
  readonly intercept: (name: keyof Services, service: Service) => Service;
  /** Gives each environment of `route` and `deliver` about so many messages. Throws when one does not arrive. */
  warm(set: LocalSet, load: Beside<AskedOfLoad>, many: WarmedEnvironments): Promise<void>;
};
type WarmedEnvironments = {
  readonly environments: number;
  readonly each: number;
  /** Topics of the warm-up that also have a subscription with a wrong item: what is parked for it stays parked. None if left out. */
  readonly parking?: number;
  /** Messages after that, as fast as they go: Node compiles what runs often in its first hundreds of invocations. None if left out. */
  readonly burst?: number;
};

/** The calls of `route` and of `deliver` that are answered late; publishers send one message a call. */
const LATE = ['AmazonSQS.SendMessageBatch', 'AmazonSQS.ChangeMessageVisibilityBatch'];
const LATE_MS = 100;
/** More than an environment can work on while it is answered late. */
const MESSAGES_A_SECOND = 15;
const TOPIC = 'warm-up';
/** On a busy machine calls fail, and their messages come again when their visibility timeouts have ended. */
const LIMIT_MS = 5 * 60_000;

export function createWarmUp(): WarmUp {
  let isWarming = false;
  return {
    intercept(name, service) {
      if (name !== 'sqs') return service;
      return {
        async answer(request, response, body) {
          if (isWarming && LATE.includes(String(request.headers['x-amz-target']))) await wait(LATE_MS);
          await service.answer(request, response, body);
        },
      };
    },

    async warm(set, load, { environments, each, parking = 0, burst = 0 }) {
      // Several times the environments: a lane is worked on by one environment at a time.
      const topics = 4 * environments;
      const items = Array.from({ length: topics }, (_, number) => ({
        ...{ id: `${TOPIC}-${number}`, topic: `${TOPIC}-${number}`, type: 'webhook-advanced', qos: 'auto' },
        configuration: { entrypointId: 'webhook-advanced', callbackUrl: `${load.told}/${TOPIC}-${number}` },
      }));
      // Without a callback URL: the subscription is paused, nothing is sent, and no probe follows.
      const wrong = items
        .slice(0, parking)
        .map((item) => ({ ...item, id: `${item.id}-wrong`, configuration: {} }));
      await putItems([...items, ...wrong], {
        documents: DynamoDBDocumentClient.from(set.clients.dynamodb),
        table: set.outputs.SubscriptionsTableName ?? '',
      });
      const ask = async (messages: number, perSecond: number | undefined) => {
        const { missing } = await load.ask<Loaded>({
          places: { url: set.url, region: set.region, queueUrl: set.outputs.MessagesQueueUrl ?? '' },
          ...{ topic: TOPIC, topics, deliveriesEach: 1, limitMs: LIMIT_MS },
          ...{ messages, perSecond },
        });
        if (missing > 0) throw new Error(`${missing} messages of the warm-up did not arrive`);
      };
      isWarming = true;
      await ask(environments * each, environments * MESSAGES_A_SECOND);
      isWarming = false;
      if (burst > 0) await ask(burst, undefined);
    },
  };
}
