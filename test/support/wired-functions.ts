// route, deliver and resume in environments that run one invocation at a time, over queues and tables in memory and the
// subscribers' ledger.
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import type { ExchangeRequest } from '#lib/callback/client.ts';
import type { Authorization } from '#lib/credentials/authorization.ts';
import type { DeadLettered } from '#lib/queue/dead-letters.ts';
import type { PauseAnnouncement } from '#lib/state/announce.ts';
import { stateKey } from '#lib/state/keys.ts';
import { parseState, type State } from '#lib/state/state.ts';
import type { CountName, LogFields } from '#lib/telemetry/log.ts';
import type { Agenda, Random } from './agenda.ts';
import { ENVIRONMENT, URLS } from './environment.ts';
import { createDeliver, createResume, createRoute } from './functions.ts';
import type { Life } from './lambda.ts';
import { type Answer, answerFor, exchangeOf, type Ledger, type Request } from './ledger.ts';
import type { MemoryDocuments } from './memory-documents.ts';
import { telemetryInto } from './telemetry.ts';

export { URLS };

export const TIMEOUTS_MS = { deliver: 60_000, route: 40_000, resume: 30_000 } as const;

/** For subscriptions without credentials. */
export const WITHOUT_CREDENTIALS: Authorization = {
  headerFor: async () => ({ ok: true, header: undefined }),
  refused: async () => false,
};

const NO_SECRETS = { send: () => Promise.reject(new Error('nobody here has a secret')) };

type Parts = {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly tables: MemoryDocuments;
  readonly ledger: Ledger;
  readonly script: { readonly answer: (request: Request) => Answer };
  readonly counts: Map<CountName, number>;
  readonly announced: PauseAnnouncement[];
  readonly deadLettering: DeadLettered[];
  readonly lines: string[];
};

type Handler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/** A Lambda environment: a handler and the state that it keeps between invocations. It ends when an invocation is killed. */
type Warm<Event, Result> = { readonly hold: Invoked; readonly handler: Handler<Event, Result> };

/** The current invocation of the environment, and the states that it has read. */
type Invoked = { life: Life; readonly reads: Map<string, State> };

const announcement = z.object({ DetailType: z.string(), Detail: z.string() });
const answered = z.object({
  Responses: z.object({ state: z.array(z.looseObject({ subscription: z.string() })) }),
});

/** Makes an environment. `environment` replaces variables of ENVIRONMENT. */
export function wireFunctions(
  { agenda, random, sqs, tables, ledger, script, counts, announced, deadLettering, lines }: Parts,
  environment: Readonly<Record<string, string>>,
) {
  const { now } = agenda;
  const variables = { ...ENVIRONMENT, ...environment };
  const write = (level: string) => (event: string, fields: LogFields) =>
    void lines.push(`${now() - 1_700_000_000_000} ${level} ${event} ${JSON.stringify(fields)}`);
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const telemetry = telemetryInto({ log, counts });
  const events = {
    async send({ input }: { input: { Entries?: unknown[] } }) {
      for (const entry of input.Entries ?? []) {
        const { DetailType, Detail } = announcement.parse(entry);
        const detail = JSON.parse(Detail);
        if (DetailType === 'subscription.dead-lettering') deadLettering.push(detail as DeadLettered);
        else announced.push({ type: DetailType, detail } as PauseAnnouncement);
      }
      return { FailedEntryCount: 0 };
    },
  } as never;

  /** The clients of one environment: each call is a step of the environment's current invocation. */
  function clientsOf(hold: Invoked) {
    const documents = {
      async send(command: never) {
        const answer = await hold.life.through(tables.documents).send(command);
        const { data } = answered.safeParse(answer);
        for (const item of data?.Responses.state ?? []) {
          const state = parseState(item);
          if (state !== undefined) hold.reads.set(item.subscription, state);
        }
        return answer;
      },
    } as Pick<DynamoDBDocumentClient, 'send'>;
    return {
      sqs: { send: (command: never) => hold.life.through(sqs).send(command) } as Pick<SQSClient, 'send'>,
      documents,
      events,
      secretsManager: NO_SECRETS as never,
      callback: {
        exchange: (request: ExchangeRequest) =>
          exchange(request, hold.life, hold.reads.get(request.pool.key)),
        endInvocation: async () => {},
      },
      surroundings: {
        now,
        random,
        wait: (ms: number) =>
          hold.life.step({ command: 'wait', target: '', input: ms }, async () => undefined, ms),
        telemetryOf: () => telemetry,
      },
    };
  }

  type Clients = ReturnType<typeof clientsOf>;

  function inEnvironments<Event, Result>(
    timeoutMs: number,
    create: (clients: Clients) => Handler<Event, Result>,
  ) {
    const free: Warm<Event, Result>[] = [];
    return async (event: Event, life: Life): Promise<Result> => {
      let warm = free.pop();
      if (warm === undefined) {
        const hold = { life, reads: new Map<string, State>() };
        warm = { hold, handler: create(clientsOf(hold)) };
      }
      warm.hold.life = life;
      warm.hold.reads.clear();
      const endsAt = now() + timeoutMs;
      const context = { awsRequestId: 'world', getRemainingTimeInMillis: () => endsAt - now() };
      try {
        return await warm.handler(event, context as Context);
      } finally {
        // A killed invocation does not get here.
        free.push(warm);
      }
    };
  }

  async function exchange(request: ExchangeRequest, life: Life, read: State | undefined) {
    if (life.dead()) return await new Promise<never>(() => {});
    const entries = ledger.begin(request, pausedStill(request.pool.key, read));
    life.atDeath(() => ledger.end(entries));
    const said = answerFor(entries, script.answer);
    const [entry] = entries;
    const afterMs = 'kill' in said ? 50 : (said.afterMs ?? 10);
    const late = afterMs > request.timeoutMs;
    const call = { command: 'exchange', target: entry.subscription, input: entry };
    return await life.step(
      call,
      async () => {
        if ('kill' in said) life.kill();
        // The ledger records the answer here, inside the step: so it also has the answer of an invocation that is killed
        // right after this step. An invocation that is killed earlier has no answer in the ledger.
        if ('status' in said && !late) ledger.end(entries, { status: said.status });
        ledger.end(entries, 'unsent' in said || 'localFault' in said ? { unsent: true } : {});
        return exchangeOf(late ? { reset: true } : 'kill' in said ? { reset: true } : said);
      },
      Math.min(afterMs, request.timeoutMs),
    );
  }

  /** The pause that the batch read at its start, if the subscription still has the same one. */
  function pausedStill(id: string, read: State | undefined) {
    const state = tables.get('state', stateKey(id));
    if (read?.pause === undefined || state?.epoch !== read.epoch) return undefined;
    return { epoch: read.epoch, resumeAt: read.pause.resumeAt };
  }

  const deliver = inEnvironments(TIMEOUTS_MS.deliver, (clients) => createDeliver(clients, variables));
  const route = inEnvironments(TIMEOUTS_MS.route, (clients) => createRoute(clients, variables));
  return {
    deliver: (Records: SQSRecord[], life: Life) => deliver({ Records }, life),
    route: (Records: SQSRecord[], life: Life) => route({ Records }, life),
    /** An event is a request of a person, or the schedule's. */
    resume: inEnvironments(TIMEOUTS_MS.resume, (clients) => createResume(clients, variables)),
  };
}
