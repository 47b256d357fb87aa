// The three functions as functions/*.ts wires them, for one invocation each, over queues and tables in memory and the
// subscribers' ledger.
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { Authorization } from '#lib/credentials/authorization.ts';
import { createConnectionOf } from '#lib/credentials/connection.ts';
import { deliverBatch } from '#lib/deliver/batch.ts';
import type { DeliveryLimits } from '#lib/deliver/limits.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { routeBatch } from '#lib/route/batch.ts';
import { type Announcement, createAnnounce } from '#lib/state/announce.ts';
import { stateKey } from '#lib/state/keys.ts';
import { createRegistrations } from '#lib/state/registration.ts';
import type { State } from '#lib/state/state.ts';
import { createDirectory } from '#lib/subscription/directory.ts';
import type { CountName, LogFields } from '#lib/telemetry/log.ts';
import type { Agenda, Random } from './agenda.ts';
import type { Life } from './lambda.ts';
import { type Answer, exchangeOf, type Ledger, type Request } from './ledger.ts';
import { type MemoryDocuments, tablesOver } from './memory-documents.ts';
import { URLS as ROUTE_URLS, RULES } from './route-world.ts';

export const URLS = { ...ROUTE_URLS, deadLetters: 'http://sqs/0/dead-letters' } as const;
export const TIMEOUTS_MS = { deliver: 60_000, route: 40_000, resume: 30_000 } as const;
const DAY_MS = 86_400_000;
const DEPLOYMENT = {
  largestReadTimeoutMs: 30_000,
  allowHttp: true,
  allowedCidrs: [],
  allowThisMachine: false,
  allowTrustAll: false,
  responseCapBytes: 65_536,
};

const noSecret = () => Promise.reject(new Error('nobody here has a secret'));
const NO_SECRETS = { read: noSecret, readAnew: noSecret };

/** For subscribers that want no credentials. */
export const WITHOUT_CREDENTIALS: Authorization = {
  headerFor: async () => ({ ok: true, header: undefined }),
  refused: async () => false,
};

type Parts = {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly tables: MemoryDocuments;
  readonly ledger: Ledger;
  readonly script: { readonly answer: (request: Request) => Answer };
  readonly counts: Map<CountName, number>;
  readonly announced: Announcement[];
  readonly lines: string[];
};

type Numbers = {
  readonly limits: DeliveryLimits;
  readonly drainBudget: number;
  readonly retentionDays: number;
  readonly unsubscribedAfterMinutes: number;
};

export function wireFunctions(
  { agenda, random, sqs, tables, ledger, script, counts, announced, lines }: Parts,
  { limits, drainBudget, retentionDays, unsubscribedAfterMinutes }: Numbers,
) {
  const { now } = agenda;

  function wire(life: Life) {
    const wait = (ms: number) =>
      life.step({ command: 'wait', target: '', input: ms }, async () => undefined, ms);
    const stored = tablesOver(life.through(tables.documents), { now, random, wait });
    const write = (level: string) => (event: string, fields: LogFields) =>
      void lines.push(`${now() - 1_700_000_000_000} ${level} ${event} ${JSON.stringify(fields)}`);
    const log = { info: write('info'), warn: write('warn'), error: write('error') };
    return {
      ...stored,
      registrations: createRegistrations({ tables: stored, rules: RULES }),
      wait,
      queues: createQueues(life.through(sqs)),
      log,
      count: (name: CountName, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
      measure() {},
      meterOf: () => ({ count() {}, measure() {} }),
      announce: createAnnounce(async (announcement) => void announced.push(announcement), log),
      deliveriesQueueUrl: URLS.deliveries,
      retriesQueueUrl: URLS.retries,
      deadLettersQueueUrl: URLS.deadLetters,
      undeliverableQueueUrl: URLS.undeliverable,
      now,
      random,
    };
  }

  function deliver(records: readonly SQSRecord[], life: Life) {
    const wired = wire(life);
    const reads = new Map<string, State>();
    return deliverBatch(
      records,
      { remainingMs: TIMEOUTS_MS.deliver },
      {
        ...wired,
        ...limits,
        authorization: WITHOUT_CREDENTIALS,
        secrets: NO_SECRETS,
        connectionOf: createConnectionOf({ secrets: NO_SECRETS }),
        callback: {
          exchange: (request) => exchange(request, life, reads.get(request.pool.key)),
          endInvocation: async () => {},
        },
        async readRegistrations(ids) {
          const registrations = await wired.registrations.readAll(ids);
          for (const [id, { state }] of registrations) reads.set(id, state);
          return registrations;
        },
      },
    );
  }

  async function exchange(
    request: Parameters<Parameters<typeof deliverBatch>[2]['callback']['exchange']>[0],
    life: Life,
    read: State | undefined,
  ) {
    if (life.dead()) return await new Promise<never>(() => {});
    const entry = ledger.begin(request, pausedStill(request.pool.key, read));
    life.atDeath(() => ledger.end(entry));
    const said = script.answer(entry);
    const afterMs = 'kill' in said ? 50 : (said.afterMs ?? 10);
    const late = afterMs > request.timeoutMs;
    const call = { command: 'exchange', target: entry.subscription, input: entry };
    return await life.step(
      call,
      async () => {
        if ('kill' in said) life.kill();
        // What the callback answers counts even when nobody hears it.
        if ('status' in said && !late) ledger.end(entry, { status: said.status });
        ledger.end(entry, 'unsent' in said ? { unsent: true } : {});
        return exchangeOf(late ? { reset: true } : 'kill' in said ? { reset: true } : said);
      },
      Math.min(afterMs, request.timeoutMs),
    );
  }

  /** The pause that the batch read at its start, if it is still the same one. */
  function pausedStill(id: string, read: State | undefined) {
    const state = tables.get('state', stateKey(id));
    if (read?.pause === undefined || state?.epoch !== read.epoch) return undefined;
    return { epoch: read.epoch, resumeAt: read.pause.resumeAt };
  }

  // The directory outlives an invocation, as it does in a warm function.
  const directory = createDirectory({
    ...tablesOver(tables.documents),
    rules: RULES,
    now,
    cacheMs: 5_000,
  });
  function route(records: readonly SQSRecord[], life: Life) {
    const sourceUrls = [URLS.messages, URLS.messagesFifo, URLS.retries];
    return routeBatch(
      records,
      { remainingMs: TIMEOUTS_MS.route },
      {
        ...wire(life),
        directory,
        sourceUrls,
        backstop: { full: async () => false },
        faultWaits: limits.faultWaits,
      },
    );
  }

  const resumeDeps = (life: Life) => {
    const wired = wire(life);
    return {
      ...wired,
      deployment: DEPLOYMENT,
      readConfig: wired.registrations.readConfig,
      drainBudget,
      retentionMs: retentionDays * DAY_MS,
      unsubscribedAfterMs: unsubscribedAfterMinutes * 60_000,
    };
  };

  return { deliver, route, resumeDeps };
}
