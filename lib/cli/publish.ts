// `npm run publish -- --topic TOPIC BODY`: publishes one message to the queues of `npm start`, or of AWS_ENDPOINT_URL.
import { parseArgs } from 'node:util';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { createClients } from '#lib/local/clients.ts';
import { publish } from '#lib/local/publish.ts';
import { endpointUrl, fail } from './command.ts';

const USAGE = `npm run publish -- (--topic TOPIC | --subscription ID) [--id ID] [--group GROUP] [--content-type TYPE] BODY
  --group sends to messages.fifo, in order within the group.`;

const { values, body } = parse();
const { 'content-type': contentType, ...publishing } = values;
const attributes = contentType === undefined ? {} : { 'content-type': contentType };
const { sqs } = createClients(endpointUrl());
const urlOf = async (name: string) =>
  (await sqs.send(new GetQueueUrlCommand({ QueueName: `webhooks-local-${name}` }))).QueueUrl ?? '';
try {
  const id = await publish(
    body,
    { ...publishing, attributes },
    { sqs, messagesQueueUrl: await urlOf('messages'), messagesFifoQueueUrl: await urlOf('messages.fifo') },
  );
  console.log(`Published with the id ${values.id ?? id}.`);
} catch (error) {
  fail(error);
}

function parse() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        topic: { type: 'string' },
        subscription: { type: 'string' },
        id: { type: 'string' },
        group: { type: 'string' },
        'content-type': { type: 'string' },
      },
    });
    const [body, ...more] = positionals;
    if (body === undefined || more.length > 0) throw new Error('Give one body.');
    return { values, body };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n${USAGE}`, 2);
  }
}
