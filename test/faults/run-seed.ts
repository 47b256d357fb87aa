// One seed: its plan, acted out on a stage, and the ledger at its end.
import { actOut } from './act.ts';
import { createCaps } from './caps.ts';
import { type Breach, balance, type Ledger } from './check.ts';
import { createDeaths, interruptionsOf, ratedIn } from './interruptions.ts';
import { createItems } from './items.ts';
import { type Job, planOf } from './jobs.ts';
import { kindsOf } from './kinds.ts';
import { contentLine, messageLine, requestLine } from './ledger-lines.ts';
import { type CarriedOut, metPart } from './met.ts';
import { readStored } from './places.ts';
import { startReceivers } from './receiver.ts';
import { balanceRedrive, redriveLetters } from './redrive.ts';
import { createRunning } from './running.ts';
import { type Resumed, settle } from './settle.ts';
import type { Stage } from './stage.ts';

export type SeedResult = Job & {
  readonly seconds: number;
  readonly messages: number;
  readonly requests: number;
  readonly places: Ledger['places'];
  readonly breaches: readonly Breach[];
  /** The faults that a call to AWS or a running function met, and the kill of a job. */
  readonly metFaults: readonly string[];
  /** The lines of the ledger, where they are asked for. */
  readonly ledger?: readonly string[];
  /** The kinds of faults that were met. */
  readonly metKinds: readonly string[];
  /** The process of the run ended by itself, or did not end: a fault of the harness. */
  readonly hasCrashed?: true;
  /** The log of the functions, and the requests, where a promise was broken. */
  readonly evidence?: readonly string[];
};

/** Runs a seed on an empty stage, and empties it if every promise was kept. */
export async function runSeed(
  job: Job,
  stage: Stage,
  { withLedger = false }: { withLedger?: boolean } = {},
): Promise<SeedResult> {
  const startedAt = performance.now();
  const plan = planOf(job, stage.broker !== undefined);
  const rated = ratedIn(plan);
  const caps = createCaps(
    ({ subscription, at }) => rated.has(subscription) && stage.jumps.some((jump) => jump.at > at),
  );
  const deaths = createDeaths(stage);
  stage.begin(plan);
  const receivers = await startReceivers(plan.subscriptions, (request, open) => {
    caps.watch(request, open);
    // The kill of the job. A request has no process id, so it ends all environments of `deliver` before the answer.
    if (job.kill?.place === 'in-request' && receivers.received.length === job.kill.n)
      void running.carryOut({ do: 'kill', function: 'deliver' });
  });
  const running = createRunning({ stage, receivers });
  try {
    const items = createItems(plan, stage, receivers);
    await items.putSecrets();
    await items.putEndpoints();
    await stage.store.put('Endpoints', {
      name: 'broken',
      type: 'kafka',
      configuration: { bootstrapServers: '127.0.0.1:9', topic: 'letters' },
    });
    for (const { id, settings } of plan.subscriptions) await items.put(id, settings);
    const publishedAt = new Map<string, number>();
    const events: CarriedOut[] = [];
    const resumed: Resumed[] = [];
    const scene = { stage, receivers, items, publishedAt, running, events, deaths, resumed };
    await actOut(plan, scene);
    const stuck = await settle(plan, scene);
    const { received } = receivers;
    const redrives = plan.redrive !== undefined && stuck.length === 0;
    const redrive = redrives ? await redriveLetters(plan, scene) : undefined;
    if (redrive && redrive.letters.size > 0) stuck.push(...(await settle(plan, scene)));
    const stored = await readStored(stage);
    const metFaults = stage.faults.met();
    const interruptions = [
      ...deaths.all(),
      ...interruptionsOf(plan, { calls: stage.faults.metCalls(), jumps: stage.jumps }),
    ];
    const ledger = balance(plan, {
      items,
      received,
      stored,
      redrive,
      publishedAt,
      interruptions,
      metFaults,
      resumed,
    });
    const met = metPart(plan, {
      events,
      received,
      names: stage.names.met(),
      lines: stage.lines,
      redrivenLetters: redrive?.letters.size ?? 0,
      processFaults: running.met,
      ...stage.faults.observed(),
      ...receivers.observed(),
    });
    const breaches: Breach[] = [
      ...stuck.map((text) => ({ promise: 'stuck' as const, text })),
      ...ledger.breaches,
      ...(redrive
        ? balanceRedrive(redrive, {
            plan,
            items,
            received,
            stored,
            interrupted: ledger.interrupted,
            lines: stage.lines,
          })
        : []),
      ...caps.breaches.map((text) => ({ promise: 'cap' as const, text })),
    ];
    const run = { plan, items, publishedAt };
    if (breaches.length === 0) await stage.store.clear();
    return {
      ...job,
      seconds: (performance.now() - startedAt) / 1000,
      messages: Object.values(ledger.places).reduce((sum, count) => sum + count, 0),
      requests: ledger.requests,
      places: ledger.places,
      breaches,
      metFaults: [...metFaults, ...running.met.map((one) => `${one.do} ${one.function}`)],
      metKinds: kindsOf(stage.broker !== undefined).flatMap(({ name, isIn }) => (isIn(met) ? [name] : [])),
      ...(withLedger && {
        ledger: [
          ...ledger.entries.map((entry) => messageLine(entry, run)),
          ...received.map((request) => requestLine(request, run)),
        ],
      }),
      ...(breaches.length > 0 && {
        evidence: [
          ...received.flatMap((request) => [requestLine(request, run), contentLine(request)]),
          ...stage.lines,
        ],
      }),
    };
  } finally {
    deaths.end();
    await receivers.close();
  }
}
