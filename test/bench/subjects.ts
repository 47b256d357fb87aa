// The programs that the benchmark compares, each in the same process and against the same server. handler.ts runs this file
// as a child process, measures its CPU, and discards its log lines.
import { Agent } from 'node:http';
import axios from 'axios';
import { Pool } from 'undici';
import { createDeliver } from '#test/support/functions.ts';
import { createBacklogCalls } from './backlog-calls.ts';
import { answering } from './beside.ts';
import { createCountingClients, deliveriesFor } from './counting-clients.ts';
import { environmentAt } from './environment.ts';

export type Job = { subject: Subject; posts: number; concurrency: number; qos?: string };
export type Subject = 'deliver' | 'axios' | 'undici' | 'parked' | 'drained';
export type Measured = { cpuMicros: number; posts: number; calls: Record<string, number> };

const sink = String(process.env.SINK_URL);
const body = Buffer.from(JSON.stringify({ data: 'x'.repeat(1013) }));
const headers = { 'content-type': 'application/json' };

const clients = createCountingClients(sink);
// The emulator's address allows callbacks to this machine.
const environment = { ...environmentAt(sink), AWS_ENDPOINT_URL: sink };
const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 };
const handler = createDeliver(clients, environment);
const backlog = createBacklogCalls(
  (those) => {
    const handle = createDeliver(those, environment);
    return (event) => handle(event, context as never);
  },
  { callbackUrl: sink, deliveriesQueueUrl: `${sink}/deliveries.fifo` },
);

/** The records are made beforehand: making them is Lambda's work, not the handler's. */
function deliver({ posts, concurrency, qos = 'auto' }: Job): () => Promise<unknown> {
  // Lambda passes at most ten messages to an invocation, so 20 concurrent requests are two concurrent invocations.
  const invocations = Math.max(1, concurrency / 10);
  const slots = Math.min(concurrency, 10);
  const batches = Array.from({ length: invocations }, (_, number) =>
    Array.from({ length: posts / 10 / invocations }, () =>
      deliveriesFor({ qos, cap: concurrency, slots, firstSlot: number * slots, body: body.toString() }),
    ),
  );
  return () =>
    inParallel(invocations, async (number) => {
      for (const Records of batches[number] ?? []) {
        const answer = await handler({ Records }, context as never);
        if (JSON.stringify(answer) !== '{"batchItemFailures":[]}') throw new Error(JSON.stringify(answer));
      }
    });
}

const agents = new Map<number, Agent>();
async function bareAxios({ posts, concurrency }: Job): Promise<void> {
  const httpAgent = agents.get(concurrency) ?? new Agent({ keepAlive: true, maxSockets: concurrency });
  agents.set(concurrency, httpAgent);
  await loop(posts, concurrency, () =>
    axios.post(sink, body, { httpAgent, headers, responseType: 'arraybuffer' }),
  );
}

const pools = new Map<number, Pool>();
async function bareUndici({ posts, concurrency }: Job): Promise<void> {
  const pool = pools.get(concurrency) ?? new Pool(sink, { connections: concurrency });
  pools.set(concurrency, pool);
  await loop(posts, concurrency, async () => {
    const answer = await pool.request({ path: '/', method: 'POST', headers, body });
    await answer.body.arrayBuffer();
  });
}

async function loop(posts: number, concurrency: number, post: () => Promise<unknown>): Promise<void> {
  let left = posts;
  await inParallel(concurrency, async () => {
    while (left-- > 0) await post();
  });
}

const inParallel = (count: number, run: (number: number) => Promise<void>) =>
  Promise.all(Array.from({ length: count }, (_, number) => run(number)));

const RUN = {
  deliver,
  axios: (job: Job) => () => bareAxios(job),
  undici: (job: Job) => () => bareUndici(job),
  parked:
    ({ posts }: Job) =>
    () =>
      backlog.parked(posts),
  drained: () => backlog.drained,
};

answering<Job>('ready', async (job) => {
  clients.reset();
  const run = RUN[job.subject](job);
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  const calls = ['parked', 'drained'].includes(job.subject) ? backlog.calls() : clients.calls();
  return { cpuMicros: user + system, posts: job.posts, calls } satisfies Measured;
});
