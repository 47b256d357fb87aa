// One seed: its plan, acted out on a stage, and the ledger at its end.
import { actOut } from './act.ts';
import { createCaps } from './caps.ts';
import { type Breach, balance, type Ledger } from './check.ts';
import { drawPlan } from './draw.ts';
import { createItems } from './items.ts';
import { readStored } from './places.ts';
import { startReceivers } from './receiver.ts';
import { settle } from './settle.ts';
import type { Stage } from './stage.ts';

export type SeedResult = {
  readonly seed: number;
  readonly seconds: number;
  readonly messages: number;
  readonly requests: number;
  readonly places: Ledger['places'];
  readonly breaches: readonly Breach[];
  /** The faults of AWS that hit a call. */
  readonly hits: readonly string[];
  /** The log of the functions, and the requests, where a promise was broken. */
  readonly evidence?: readonly string[];
};

/** Runs a seed on an empty stage, and empties it if every promise was kept. */
export async function runSeed(seed: number, stage: Stage): Promise<SeedResult> {
  const startedAt = performance.now();
  const plan = drawPlan(seed);
  const caps = createCaps();
  stage.begin(plan);
  const receivers = await startReceivers(
    new Map(plan.subscriptions.map(({ id, answers }) => [id, answers])),
    caps.watch,
  );
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
    const scene = { stage, receivers, items };
    await actOut(plan, scene);
    const left = await settle(plan, scene);
    const ledger = balance(plan, { items, received: receivers.received, stored: await readStored(stage) });
    const breaches: Breach[] = [
      ...(left === undefined ? [] : [{ promise: 'stuck' as const, text: left }]),
      ...ledger.breaches,
      ...caps.breaches.map((text) => ({ promise: 'cap' as const, text })),
    ];
    if (breaches.length === 0) await stage.store.clear();
    return {
      seed,
      seconds: (performance.now() - startedAt) / 1000,
      messages: Object.values(ledger.places).reduce((sum, count) => sum + count, 0),
      requests: ledger.requests,
      places: ledger.places,
      breaches,
      hits: stage.faults.hits(),
      ...(breaches.length > 0 && {
        evidence: [
          ...receivers.received.map((request) =>
            JSON.stringify({
              ...request,
              headers: Object.fromEntries(request.headers),
              body: request.body.toString().slice(0, 200),
            }),
          ),
          ...stage.lines,
        ],
      }),
    };
  } finally {
    await receivers.close();
  }
}
