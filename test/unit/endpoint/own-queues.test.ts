import { expect, test } from 'vitest';
import { isOneOf, ownQueueUrlsBy } from '#lib/endpoint/own-queues.ts';

const AT = 'https://sqs.eu-west-1.amazonaws.com/123456789012';
const OWN = ownQueueUrlsBy(`${AT}/webhooks-dev-deliveries.fifo`);

test('all queues of the stage are known by the URL of one', () => {
  expect(OWN).toEqual(
    ['messages', 'messages.fifo', 'deliveries.fifo', 'retries', 'dead-letters', 'undeliverable'].map(
      (name) => `${AT}/webhooks-dev-${name}`,
    ),
  );
});

test.each([
  [
    'another host of the same queue',
    'https://eu-west-1.queue.amazonaws.com/123456789012/webhooks-dev-retries',
    true,
  ],
  ['the same name in another account', `${AT.replace('1234', '9999')}/webhooks-dev-retries`, false],
  [
    'the same queue name in another region',
    `${AT.replace('eu-west-1', 'us-east-1')}/webhooks-dev-retries`,
    false,
  ],
  ['another stage', `${AT}/webhooks-prod-retries`, false],
  ['a longer name', `${AT}/webhooks-dev-retries-of-others`, false],
])('%s', (_, url, isOwn) => {
  expect(isOneOf(url, OWN)).toBe(isOwn);
});
