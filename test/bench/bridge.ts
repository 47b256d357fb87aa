// `npm run bench:bridge`: letters a second through the bridge to a real broker, and CPU for a thousand letters, beside two
// plain loops over the same producer. All run interleaved in one run, and the spread is printed.
import { createTopic, kafkaAddresses, recordsOn } from '#test/support/kafka/addresses.ts';
import { startBeside } from './beside.ts';
import type { BridgeJob, BridgeMeasured, BridgeSubject } from './bridge-subjects.ts';
import { header } from './machine.ts';
import { spread } from './ratio.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 15);
const LETTERS = Number(process.env.LETTERS ?? 5_000);
const SUBJECTS: readonly BridgeSubject[] = ['bridge', 'producer', 'plain'];
/** Letters that are sent before the first counted round, so that all three programs are compiled. */
const WARM_ROUNDS = Math.ceil(30_000 / LETTERS);

const { plaintext } = kafkaAddresses();
const topic = await createTopic(plaintext, { partitions: 3 });
const subjects = await startBeside<BridgeJob>('./bridge-subjects.ts', {
  env: { BROKER: plaintext, TOPIC: topic },
});

console.log(
  header(
    `${ROUNDS} rounds of ${LETTERS} letters of 1 KiB, 3 partitions, one broker; median (lowest to highest)`,
  ),
);
let sent = 0;
for (const perBatch of [10, 100]) {
  const job = (subject: BridgeSubject): BridgeJob => ({ subject, batches: LETTERS / perBatch, perBatch });
  const results = new Map<BridgeSubject, BridgeMeasured[]>(SUBJECTS.map((each) => [each, []]));
  for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
    // The order of the programs changes from round to round, so that none always runs after the same one.
    for (const each of round % 2 === 0 ? SUBJECTS : [...SUBJECTS].reverse()) {
      const measured = await subjects.ask<BridgeMeasured>(job(each));
      sent += measured.letters;
      if (round >= 0) results.get(each)?.push(measured);
    }
  }
  console.log(`\n${perBatch} letters a batch`);
  const rate = ({ letters, wallMs }: BridgeMeasured) => letters / (wallMs / 1000);
  const cpu = ({ letters, cpuMicros }: BridgeMeasured) => cpuMicros / letters;
  for (const each of SUBJECTS) {
    const all = results.get(each) ?? [];
    console.log(
      `  ${each.padEnd(8)} ${spread(all.map(rate))} letters a second; ${spread(all.map(cpu))} ms CPU a thousand`,
    );
  }
  const ratios = (other: BridgeSubject, of: (one: BridgeMeasured, other: BridgeMeasured) => number) =>
    (results.get('bridge') ?? []).map((one, round) => {
      const beside = results.get(other)?.[round];
      return beside ? of(one, beside) : Number.NaN;
    });
  const bySecond = (other: BridgeSubject) =>
    spread(
      ratios(other, (one, beside) => rate(one) / rate(beside)),
      2,
    );
  const byCpu = (other: BridgeSubject) =>
    spread(
      ratios(other, (one, beside) => cpu(beside) / cpu(one)),
      2,
    );
  console.log(
    `  bridge is ${bySecond('producer')} times the bare producer a second, ${byCpu('producer')} times by CPU; aimed at: 0.7`,
  );
  console.log(
    `  bridge is ${bySecond('plain')} times the plain loop a second, ${byCpu('plain')} times by CPU`,
  );
}
const there = await recordsOn(plaintext, topic);
console.log(`\n${there} of ${sent} records are in the topic.`);
subjects.close();
