// The whole set in one process with simulated time: publishers, route, deliver and resume over queues and tables in memory,
// and the subscribers. The functions are those of functions/*.ts. A test decides the fate of each call.
import { onTestFinished, vi } from 'vitest';
import { decodeLaneMessage, encodeAttribute } from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';
import type { Token } from '#lib/message/token.ts';
import type { DeadLettered } from '#lib/queue/dead-letters.ts';
import type { ResumeRequest, ResumeAnswer as Said } from '#lib/resume/request.ts';
import type { Swept } from '#lib/resume/sweep.ts';
import type { PauseAnnouncement } from '#lib/state/announce.ts';
import type { State } from '#lib/state/state.ts';
import { readState } from '#lib/state/state-item.ts';
import type { Batch } from '#lib/subscription/option-fields.ts';
import type { RateLimit } from '#lib/subscription/rate-limit.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { type CountName, errorName } from '#lib/telemetry/log.ts';
// The functions import these two at first use. An import takes real time, and the simulated clock would advance meanwhile, so
// they are imported here, before the clock starts.
import '#lib/aws/event-client.ts';
import '#lib/aws/secret-client.ts';
import { createAgenda, createRandom } from './agenda.ts';
import { type Call, createLife, createMapping, type Fate } from './lambda.ts';
import { type Answer, createLedger, type Request, VERSION_HEADER } from './ledger.ts';
import { createMemoryDocuments, type Item, tablesOver } from './memory-documents.ts';
import { createMemoryQueues, type Taken } from './memory-queues.ts';
import { attributesOf } from './records.ts';
import { TIMEOUTS_MS, URLS, wireFunctions } from './wired-functions.ts';

export { URLS };

export type Options = {
  readonly qos?: 'none' | 'auto' | 'at-most-once' | 'at-least-once';
  /** `keys` is a wrong word. */
  readonly order?: 'key' | 'keys';
  readonly lanes?: number;
  /** 10 s unless said. */
  readonly readTimeoutMs?: number;
  readonly tenant?: string;
  /** With a dlq; its endpoint is put, too. */
  readonly dlq?: string;
  readonly retry?: Exclude<Subscription['retry'], { kind: 'default' }>;
  readonly onOutage?: 'stop';
  readonly interrupts?: boolean;
  readonly batch?: Partial<Batch>;
  readonly rateLimit?: RateLimit;
  /** An item that can't be parsed. */
  readonly broken?: boolean;
};

const ENDPOINT = { queueUrl: 'https://sqs.us-east-1.amazonaws.com/000000000000/rejected' };

/** One day in milliseconds. */
const DAY_MS = 24 * 60 * 60_000;

export type World = ReturnType<typeof createWorld>;

export function createWorld({
  seed = 1,
  concurrency = 5,
  drainBudget = 40,
  pageSize = 50,
  retentionDays = 21,
  unsubscribedAfterMinutes = 60,
  environment = {},
  watch,
}: {
  seed?: number;
  concurrency?: number;
  drainBudget?: number;
  pageSize?: number;
  retentionDays?: number;
  unsubscribedAfterMinutes?: number;
  /** Environment variables that differ from a deployment's defaults. */
  environment?: Readonly<Record<string, string>>;
  watch?: (call: Call, invocation: string, fate: Fate) => void;
} = {}) {
  const random = createRandom(seed);
  const agenda = createAgenda(random);
  const { now } = agenda;
  const memory = createMemoryQueues({ now });
  const tables = createMemoryDocuments({ pageSize });
  const ledger = createLedger(now);
  const counts = new Map<CountName, number>();
  const announced: PauseAnnouncement[] = [];
  const deadLettering: DeadLettered[] = [];
  const errors: unknown[] = [];
  const lines: string[] = [];
  const versions = new Map<string, number>();
  const rates = new Map<string, RateLimit>();
  let sweeping = false;

  /** The subscribers' answers and the fate of each call; the test sets them. */
  const script = {
    answer: (_: Request): Answer => ({ status: 200 }),
    fate: (_: Call): Fate => undefined,
    deleteFails: (): boolean => false,
  };
  const lifeDeps = { agenda, random, fateOf: (call: Call) => script.fate(call), ...(watch && { watch }) };

  // Timers of the product's code run on the agenda, too.
  onTestFinished(() => void vi.unstubAllGlobals());
  vi.stubGlobal('setTimeout', (act: () => void, ms: number) => {
    const timer = { on: true };
    agenda.in(ms, () => timer.on && act());
    return timer;
  });
  vi.stubGlobal('clearTimeout', (timer?: { on: boolean }) => {
    if (timer) timer.on = false;
  });

  const sqs = {
    async send(command: { input: { QueueUrl?: string } }) {
      const answered = await memory.sqs.send(command as never);
      mappings.get(command.input.QueueUrl ?? '')?.kick();
      return answered;
    },
  } as unknown as typeof memory.sqs;

  const { deliver, route, resume } = wireFunctions(
    { agenda, random, sqs, tables, ledger, script, counts, announced, deadLettering, lines },
    {
      DRAIN_BUDGET: String(drainBudget),
      BACKLOG_RETENTION_DAYS: String(retentionDays),
      UNSUBSCRIBED_AFTER_MINUTES: String(unsubscribedAfterMinutes),
      ...environment,
    },
  );

  const deps = {
    ...lifeDeps,
    memory,
    deleteFails: () => script.deleteFails(),
    onError: (e: unknown) => errors.push(e),
  };
  const mapping = (queueUrl: string, name: 'route' | 'deliver', visibilitySeconds: number, many: number) =>
    createMapping(
      {
        queueUrl,
        name,
        concurrency: many,
        visibilitySeconds,
        timeoutMs: TIMEOUTS_MS[name],
        handle: name === 'route' ? route : deliver,
      },
      deps,
    );
  const mappings = new Map([
    [URLS.deliveries as string, mapping(URLS.deliveries, 'deliver', 360, concurrency)],
    [URLS.messages, mapping(URLS.messages, 'route', 240, 2)],
    [URLS.messagesFifo, mapping(URLS.messagesFifo, 'route', 240, 2)],
    [URLS.retries, mapping(URLS.retries, 'route', 240, 2)],
  ]);

  async function invokeResume(event: unknown): Promise<unknown> {
    const life = createLife('resume', lifeDeps);
    agenda.in(TIMEOUTS_MS.resume, life.kill);
    return await Promise.race([resume(event, life), life.killed]);
  }

  // A message does not change on its queue, and a run asks for the tokens many times.
  const parsedTokens = new Map<string, Token | undefined>();
  function tokenIn({ id, attributes }: Taken): Token | undefined {
    if (!parsedTokens.has(id)) {
      const parsed = decodeLaneMessage(attributesOf(attributes));
      parsedTokens.set(id, parsed.ok && parsed.value.kind === 'token' ? parsed.value.value : undefined);
    }
    return parsedTokens.get(id);
  }

  const isHeld = ({ pk }: Item): boolean => String(pk).startsWith('held#');
  const isExpired = (item: Item): boolean =>
    isHeld(item) && Number(item.dueAt) <= now() - retentionDays * DAY_MS;
  const isDue = (item: Item): boolean =>
    typeof item.dueAt === 'number' && item.dueAt <= now() && !isHeld(item);

  const world = {
    seed,
    random,
    agenda,
    now,
    memory,
    tables,
    ledger,
    counts,
    announced,
    /** The events of dead letters. */
    deadLettering,
    errors,
    lines,
    script,
    mappings,
    pass: agenda.pass,

    /** Puts a config item again; each put is another version. */
    put(
      id: string,
      {
        qos = 'at-least-once',
        order,
        lanes = 5,
        readTimeoutMs,
        tenant,
        dlq,
        retry,
        onOutage,
        interrupts,
        batch,
        rateLimit,
        broken,
      }: Options = {},
    ) {
      const version = (versions.get(id) ?? 0) + 1;
      versions.set(id, version);
      if (rateLimit) rates.set(`${id} ${version}`, rateLimit);
      if (dlq !== undefined && dlq !== 'undeliverable') world.putEndpoint(dlq);
      const value = `${version} ${qos} ${qos.startsWith('at-') && !order ? 1 : lanes}`;
      tables.put('subscriptions', {
        id,
        topic: 'orders',
        qos: broken ? 'twice' : qos,
        ...(order && { order }),
        ...(rateLimit && { rateLimit }),
        ...(tenant !== undefined && { tenant }),
        ...(dlq !== undefined && { dlq: { endpoint: dlq } }),
        configuration: {
          callbackUrl: 'https://hooks.example.com/in',
          headers: [{ name: VERSION_HEADER, value }],
          http: {
            maxConcurrentConnections: lanes,
            ...(readTimeoutMs !== undefined && { readTimeout: readTimeoutMs }),
          },
          ...(retry && { retry: retry.kind === 'block' ? retry.block : { retryOption: 'No Retry' } }),
          ...(onOutage && { onOutage }),
          ...(batch && { batch }),
          ...(interrupts === false && {
            interruptConsumptionOnServerError: false,
            interruptConsumptionOnException: false,
          }),
        },
      });
    },
    /** The rate that a version of a subscription's item has. */
    rateOf: (id: string, version: number): RateLimit | undefined => rates.get(`${id} ${version}`),
    remove: (id: string) => tables.remove('subscriptions', { id }),
    putEndpoint: (name: string, more: Item = {}) =>
      tables.put('endpoints', { name, type: 'sqs', configuration: ENDPOINT, ...more }),
    removeEndpoint: (name: string) => tables.remove('endpoints', { name }),
    publish(subscription: string, id: string, group = subscription, body = `"${id}"`): void {
      memory.put(URLS.messagesFifo, { body, attributes: { subscription, id }, group });
      mappings.get(URLS.messagesFifo)?.kick();
    },
    /** Sends a person's request to resume and returns its answer. */
    async ask(request: ResumeRequest): Promise<Said | 'killed'> {
      const asked = invokeResume(request) as Promise<Said | 'killed'>;
      return await asked.catch((error: unknown) => ({ ok: false, message: errorName(error) }));
    },
    /** Runs the scheduled invocation once. */
    sweep: () => invokeResume({ 'detail-type': 'Scheduled Event' }) as Promise<Swept | 'killed'>,
    /** Runs the sweep once a minute from now on, except when nothing is due. */
    sweepEveryMinute(): void {
      if (sweeping) return;
      sweeping = true;
      const tick = () => {
        agenda.in(60_000, tick);
        const items = tables.items('state');
        if (items.some((item) => isDue(item) || isExpired(item))) {
          world.sweep().catch((error) => errors.push(error));
        }
      };
      agenda.in(60_000, tick);
    },
    /** Puts a drain token or a command into its lane once more. */
    resend(token: Token): void {
      const { notBefore: _, ...value } = token;
      memory.put(URLS.deliveries, {
        body: 'token',
        attributes: { 'sqs-webhooks': encodeAttribute({ kind: 'token', value }) },
        group: groupOf(token.subscription, token.lane),
      });
      mappings.get(URLS.deliveries)?.kick();
    },
    state: (id: string): Promise<State> => readState(id, tablesOver(tables.documents)),
    entries: (id: string) => tables.items('state').filter(({ pk }) => String(pk).startsWith(`lane#${id}#`)),
    held: (id: string) => tables.items('state').filter(({ pk }) => pk === `held#${id}`),
    /** All tokens that were ever on a queue; with `stored` only those that are there now. */
    tokens(
      queueUrl: string,
      which: 'taken' | 'stored' = 'taken',
    ): (Token & { id: string; receives: number })[] {
      return memory[which](queueUrl).flatMap((message) => {
        const token = tokenIn(message);
        if (token === undefined) return [];
        const receives = 'receives' in message ? Number(message.receives) : 0;
        return [{ ...token, id: message.id, receives }];
      });
    },
    /** The message ids on dead-letters or undeliverable. */
    idsOn: (queueUrl: string): string[] => memory.taken(queueUrl).map(({ body }) => String(JSON.parse(body))),
    left: (): number =>
      [URLS.deliveries, URLS.messages, URLS.messagesFifo, URLS.retries].reduce(
        (sum, url) => sum + memory.left(url),
        0,
      ),
  };
  return world;
}
