// The three programs that bench:bridge compares, in one process and against one broker: bridge's handler; a loop that
// sends finished records with the same producer; and a loop that makes records from the same SQS messages without checks,
// logs or metrics. They run in a child process whose log lines are discarded.
import { hash } from 'node:crypto';
import { ProduceAcks, Producer } from '@platformatic/kafka';
import type { SQSRecord } from 'aws-lambda';
import { ATTRIBUTE, encodeAttribute } from '#lib/message/attribute.ts';
import { deadLetterHeaders, recordValue } from '#lib/message/dead-letter-headers.ts';
import { createBridge } from '#test/support/functions.ts';
import { deadLetter } from '#test/support/letters.ts';
import { recordOf } from '#test/support/records.ts';
import { answering } from './beside.ts';
import { environmentAt } from './environment.ts';

export type BridgeSubject = 'bridge' | 'producer' | 'plain';
export type BridgeJob = { subject: BridgeSubject; batches: number; perBatch: number };
export type BridgeMeasured = { cpuMicros: number; wallMs: number; letters: number };

const { BROKER = '', TOPIC = '' } = process.env;
// The broker is on this machine, which an emulated stage alone allows.
const environment = {
  ...environmentAt('http://127.0.0.1:1/000000000000'),
  STAGE: 'local',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
};
const nobody = { send: async () => Promise.reject(new Error('the benchmark asks nothing of this')) };
const Item = { name: 'bench', type: 'kafka', configuration: { bootstrapServers: BROKER, topic: TOPIC } };
const handler = createBridge(
  {
    sqs: nobody,
    sqsIn: () => nobody,
    documents: { send: async () => ({ Item }) } as never,
    secretsManager: nobody,
    iamToken: async () => '',
  },
  environment,
);
const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 };
const producer = new Producer({
  clientId: 'bench',
  bootstrapBrokers: [BROKER],
  idempotent: true,
  acks: ProduceAcks.ALL,
  producerId: -1n,
  producerEpoch: -1,
  metadataMaxAge: 60_000,
});

const body = JSON.stringify({ data: 'x'.repeat(1013) });
let made = 0;
const letters = (count: number) =>
  Array.from({ length: count }, () => {
    const messageId = hash('sha256', `${made++}`, 'base64url');
    const letter = { endpoint: 'bench', subscription: `subscription-${made % 20}`, messageId };
    return deadLetter({ ...letter, excerpt: 'no such order', headers: { 'x-tenant': 'acme' } });
  });

/** Records and messages are made before the time is taken: making them is not the bridge's work. */
function prepared({ subject, batches, perBatch }: BridgeJob): () => Promise<void> {
  const all = Array.from({ length: batches }, () => letters(perBatch));
  if (subject === 'producer') {
    const sends = all.map((batch) =>
      batch.map((letter) => ({
        topic: TOPIC,
        key: Buffer.from(letter.subscription),
        value: recordValue(letter, body),
        headers: deadLetterHeaders(letter),
      })),
    );
    return async () => {
      for (const messages of sends) await producer.send({ messages });
    };
  }
  const events = all.map((batch) => ({
    Records: batch.map((value, index) =>
      recordOf({
        queue: 'webhooks-local-dead-letters',
        id: `sqs-${index}`,
        body,
        attributes: { [ATTRIBUTE]: encodeAttribute({ kind: 'dead-letter', value }) },
      }),
    ),
  }));
  if (subject === 'plain') {
    return async () => {
      for (const { Records } of events) await producer.send({ messages: Records.map(plainRecord) });
    };
  }
  return async () => {
    for (const event of events) {
      const answer = await handler(event, context as never);
      if (JSON.stringify(answer) !== '{"batchItemFailures":[]}') throw new Error(JSON.stringify(answer));
    }
  };
}

/** The shortest code that makes a record when every letter is known to be valid. */
function plainRecord({ body, messageAttributes }: SQSRecord) {
  const letter = JSON.parse(messageAttributes[ATTRIBUTE]?.stringValue ?? '');
  return {
    topic: TOPIC,
    key: Buffer.from(letter.subscription),
    value: Buffer.from(body),
    headers: new Map(
      Object.entries(letter).map(([name, value]) => [
        Buffer.from(name),
        Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      ]),
    ),
  };
}

answering<BridgeJob>('ready', async (job) => {
  const work = prepared(job);
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  const wallMs = performance.now() - started;
  const measured: BridgeMeasured = { cpuMicros: user + system, wallMs, letters: job.batches * job.perBatch };
  return measured;
});
