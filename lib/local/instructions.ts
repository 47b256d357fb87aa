// The last output of `npm start`: commands, ready to be copied, that register a subscription and publish a message.
import type { LocalSet } from './set.ts';

/** Returns the text. `receiverUrl`: the callback URL of the example; `pageAddress`: with its token. */
export function instructions(
  { url, outputs }: Pick<LocalSet, 'url' | 'outputs'>,
  receiverUrl: string,
  pageAddress: string,
): string {
  const item = {
    id: { S: 'mine' },
    topic: { S: 'invoices' },
    configuration: { M: { callbackUrl: { S: `${receiverUrl}/mine` } } },
  };
  const attributes = { topic: { DataType: 'String', StringValue: 'invoices' } };
  return `
See all of it in a browser on this machine:
  ${pageAddress}
Register and publish your own from another terminal, with npm alone:
  export AWS_ENDPOINT_URL=${url}
  npm run webhooks -- subscriptions put events/subscription-auto.json
  npm run webhooks -- publish --topic orders '{"order": 3}'
  npm run webhooks -- --help
or with the AWS CLI or any SDK (the region is made up: version 1 of the CLI would send sqs commands to AWS otherwise):
  export AWS_DEFAULT_REGION=local AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
  aws dynamodb put-item --table-name ${outputs.SubscriptionsTableName} --item '${JSON.stringify(item)}'
  aws sqs send-message --queue-url ${outputs.MessagesQueueUrl} --message-body '{"invoice": 1}' --message-attributes '${JSON.stringify(attributes)}'
Ctrl-C ends it; nothing is kept.
`;
}
