// `npm run bench:peers`: the same load at this set, Hookdeck Outpost and Svix, in turns on this machine. OUTPOST=PATH and
// SVIX=PATH name checkouts of theirs, which are built and started from there; OUTPOST_BINARIES (a folder) and
// SVIX_BINARY name programs that were built from them. Without them, or where a program is missing, this set is measured with the others that there are. ROUNDS, SIZE,
// ONLY and REPORT make other runs. It prints tables and writes them as JSON. Linux only.
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '#test/support/free-port.ts';
import type { Loaded } from './arrivals.ts';
import { startBeside } from './beside.ts';
import { chosenOf } from './chosen.ts';
import { header, machine } from './machine.ts';
import { ALONE, CASES, type Case } from './peers/cases.ts';
import { type Figures, figuresOf, type Measured, rowOf } from './peers/figures.ts';
import type { AskedOfPeersLoad, PublishTo } from './peers/load.ts';
import { startOutpost } from './peers/outpost.ts';
import { startOwn } from './peers/own.ts';
import type { Sender } from './peers/sender.ts';
import { startSvix } from './peers/svix.ts';
import { tableOf } from './table.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
/** Multiplies the number of messages of each case. */
const SIZE = Number(process.env.SIZE ?? 1);
const REPORT = process.env.REPORT ?? 'bench-peers.json';
const LIMIT_MS = Number(process.env.LIMIT_MS ?? 120_000);
/**
 * Before the measured messages go as many unmeasured ones, so that what is compiled meanwhile counts for nobody. Beside
 * neighbours they are these, for 20 s: slow neighbours are known after their first exchanges, which take ten.
 */
const WARM_UP_BESIDE = 500;
/**
 * Where messages have a rate, the delays of its first seconds are left out: all processes have rested before, and ten messages of a
 * thousand, which wait for them, would be the p99.
 */
const LEAD_IN_SECONDS = 2;
/** A single receiver takes all the requests that the other senders make at once for all receivers together. */
const MOST_REQUESTS_AT_ONCE = 20;
/** What an item has that names none. */
const USUAL_REQUESTS_AT_ONCE = 5;
/** The last log lines and records are written after the last arrival. */
const SETTLE_MS = 2_000;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Starts the senders that there are, and says which are left out and why. */
async function startSenders(): Promise<Sender[]> {
  const senders = [await startOwn()];
  for (const { name, variable, binaries, start } of [
    { name: 'Outpost', variable: 'OUTPOST', binaries: 'OUTPOST_BINARIES', start: startOutpost },
    { name: 'Svix', variable: 'SVIX', binaries: 'SVIX_BINARY', start: startSvix },
  ]) {
    const checkout = process.env[variable];
    if (checkout === undefined) {
      const built = process.env[binaries];
      const also =
        built === undefined ? '' : `, also where ${binaries} names programs that were built from it`;
      console.log(`${name} is left out: ${variable}=PATH names a checkout of it${also}.`);
      continue;
    }
    try {
      senders.push(await start(checkout));
    } catch (error) {
      console.log(`${name} is left out: ${error instanceof Error ? error.message : error}`);
    }
  }
  return senders;
}

const load = await startBeside<AskedOfPeersLoad>('./peers/load.ts');
const origins = load.told.split(' ');
let topics = 0;

/** One case at one sender, on receivers of its own: a breaker that opened in a round before has no part in it. */
async function measure(sender: Sender, one: Case): Promise<Measured> {
  topics += 1;
  const urls = (count: number, kind: string, answerMs: number, at = origins) =>
    Array.from(
      { length: count },
      (_, index) => `${at[index % at.length]}/${kind}/${answerMs}/${topics}-${index}`,
    );
  const requestsAtOnce = one.fanOut === 1 ? MOST_REQUESTS_AT_ONCE : USUAL_REQUESTS_AT_ONCE;
  const measured = urls(one.fanOut, 'counted', one.answerMs);
  const to = await sender.subscribe(`bench-${topics}`, measured, requestsAtOnce);
  const dead = `http://127.0.0.1:${await freePort()}`;
  // Those that share a topic each get all of its messages.
  const neighboursOf = ({ kind, count, load }: NonNullable<Case['beside']>): string[][] => {
    const answerMs = kind === 'slow' ? 10_000 : 0;
    const all = urls(count, 'other', answerMs, kind === 'dead' ? [dead] : origins.slice(1));
    return load === 'each' ? [all] : all.map((url) => [url]);
  };
  const neighbours = one.beside === undefined ? [] : neighboursOf(one.beside);
  const beside: PublishTo[] = [];
  for (const [index, those] of neighbours.entries())
    beside.push(await sender.subscribe(`beside-${topics}-${index}`, those, USUAL_REQUESTS_AT_ONCE));
  const leadIn = (one.perSecond ?? 0) * LEAD_IN_SECONDS;
  const messages = Math.max(10, Math.round(one.messages * SIZE)) + leadIn;
  const asked = { leadIn, to, perSecond: one.perSecond, deliveriesEach: one.fanOut, limitMs: LIMIT_MS };
  const warmUp = neighbours.length === 0 ? messages : WARM_UP_BESIDE;
  const first = await load.ask<Loaded>({ ...asked, leadIn: 0, beside, messages: warmUp });
  await wait(SETTLE_MS);
  const before = sender.usage();
  const loaded = await load.ask<Loaded>({ ...asked, beside, messages });
  await wait(SETTLE_MS);
  const after = sender.usage();
  return {
    ...loaded,
    ...after,
    deliveries: messages * one.fanOut,
    answerMs: one.answerMs,
    firstDelaysMs: first.delaysMs,
    appCpuMs: after.appCpuMs - before.appCpuMs,
    storesCpuMs: after.storesCpuMs - before.storesCpuMs,
  };
}

const chosen = chosenOf(CASES);
const senders = await startSenders();
const where = machine();
console.log(
  `\n${header(senders.map(({ name, version, stores }) => `${name} ${version} (${stores})`).join(', '), where)}`,
);
console.log(
  `${ROUNDS} rounds in turns, median (lowest to highest); bodies of 1 KiB; CPU of one delivery. The stores of this set are emulators.`,
);
type OfSender = { readonly sender: string; readonly rounds: readonly Figures[] };
const cases: { readonly name: string; readonly senders: readonly OfSender[] }[] = [];
// A healthy receiver beside neighbours is compared with the same one alone, so these cases take turns too.
const isOfNeighbours = ({ name, beside }: Case): boolean => name === ALONE || beside !== undefined;
const blocks = [
  ...chosen.filter((one) => !isOfNeighbours(one)).map((one) => [one]),
  chosen.filter(isOfNeighbours),
].filter((block) => block.length > 0);
for (const block of blocks) {
  const measured = new Map<Case, Map<string, Measured[]>>(
    block.map((one) => [one, new Map(senders.map(({ name }) => [name, []]))]),
  );
  const of = (one: Case | undefined, { name }: Sender) => (one && measured.get(one)?.get(name)) ?? [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of block) {
      // The order changes from round to round, so that none is always measured after the same one.
      for (let index = 0; index < senders.length; index++) {
        const sender = senders[(index + round) % senders.length];
        if (sender !== undefined) of(one, sender).push(await measure(sender, one));
      }
    }
  }
  const alone = block.find(({ name }) => name === ALONE);
  for (const one of block) {
    const { kind, count, load } = one.beside ?? {};
    const control = block.find(
      ({ beside }) => beside?.kind === 'healthy' && beside.count === count && beside.load === load,
    );
    const rows = senders.map((sender) =>
      rowOf(sender.name, of(one, sender), {
        alone: kind === undefined ? [] : of(alone, sender),
        control: kind === undefined || kind === 'healthy' ? [] : of(control, sender),
      }),
    );
    console.log(`\n${one.name}\n${tableOf(rows)}`);
    const figures = senders.map((sender) => ({
      sender: sender.name,
      rounds: of(one, sender).map(figuresOf),
    }));
    cases.push({ name: one.name, senders: figures });
  }
  const versions = senders.map(({ name, version, stores }) => ({ name, version, stores }));
  writeFileSync(
    REPORT,
    `${JSON.stringify({ machine: where, rounds: ROUNDS, size: SIZE, versions, cases }, null, 2)}\n`,
  );
}
console.log(`\nAs JSON: ${REPORT}`);
load.close();
for (const sender of senders) await sender.close();
