// OPERATORS.md: its arithmetic is done again, its numbers are those of the code, and its tables leave nothing out.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { billOf, totalOf } from '#lib/cost/bill.ts';
import { COST_OPTIONS } from '#lib/cost/option-rules.ts';
import { readCostOptions } from '#lib/cost/options.ts';
import { CAUSE_CODES, CAUSES } from '#lib/deliver/cause.ts';
import { FULL_AT } from '#lib/queue/backstop.ts';
import { requestSchema } from '#lib/resume/request.ts';
import { limitsOf } from '#lib/scale/limits.ts';
import { readScaleOptions } from '#lib/scale/options.ts';
import { figures, rangeText, scaleReport } from '#lib/scale/report.ts';
import { FILLS, mostSimulated, simulatedCells } from '#lib/simulation/report.ts';
import { LARGEST_MAX_CONCURRENT_CONNECTIONS } from '#lib/subscription/http-schema.ts';
import { countCalls } from '#test/bench/counts.ts';
import { readPage } from '#test/support/page.ts';
import { parameterDefaults } from '#test/support/parameter-defaults.ts';

const page = readPage('OPERATORS.md');
const cents = (usd: number): number => Math.round(usd * 100);

describe('the costs', () => {
  test.each(
    page.table('extra cost').map(([what = '', millions, , price, usd]) => ({ what, millions, price, usd })),
  )('of "$what" are its quantity times its price', ({ millions, price, usd }) => {
    expect(Number(millions)).toBeGreaterThan(0);
    expect(cents(Number(usd))).toBe(cents(Number(millions) * Number(price)));
  });

  test('of both ends are those that npm run cost calculates, and the README says the same', async () => {
    const read = readCostOptions([]);
    if (read.kind !== 'options') throw new Error(read.text);
    const { options } = read;
    const bodies = 'x'.repeat(options.bodyBytes);
    const rows = page.table('what | unit');
    for (const [index, batch] of options.batches.entries()) {
      const lines = billOf(await countCalls({ ...options, batch, body: bodies }), { ...options, batch });
      const used = lines.filter(({ units }) => units > 0);
      expect(rows.slice(0, -1).map(([what]) => what)).toEqual(used.map(({ what }) => what));
      for (const [at, { units, unit, price }] of used.entries()) {
        const row = rows[at] ?? [];
        expect(row.slice(1, 3)).toEqual([unit, String(price)]);
        // The log lines have ids and times of any length.
        expect(Number(row[3 + 2 * index])).toBeCloseTo(units, 1);
        expect(Number(row[4 + 2 * index])).toBeCloseTo(units * price, 1);
      }
      const together = rows.at(-1)?.[4 + 2 * index]?.replaceAll('*', '') ?? '';
      expect(Number(together)).toBeCloseTo(totalOf(lines), 1);
      expect(page.text).toContain(`${together} USD with`);
      expect(readFileSync('README.md', 'utf8')).toContain(`${together} USD with`);
    }
  });

  test('have a row for each option, with its default', () => {
    const rows = page.table('option | default | meaning');
    expect(rows.map(([name = '']) => name.replaceAll('`', '')).toSorted()).toEqual(
      COST_OPTIONS.map((name) => `--${name}`).toSorted(),
    );
  });

  test('are those of functions with the default memory', () => {
    expect(parameterDefaults().get('memoryMb')).toBe(512);
  });
});

/** The options of the commands `npm run scale` on the page, as the scale model reads them. */
const scaleCommands = [...page.text.matchAll(/^npm run scale -- (.*)$/gm)].map(([, line = '']) => {
  const read = readScaleOptions(line.split(' '));
  if (read.kind !== 'options') throw new Error(read.text);
  return read.options;
});

/** The load of the first command, and its counted calls. */
async function largeLoad() {
  const [options] = scaleCommands;
  if (options === undefined) throw new Error('there is no command npm run scale');
  const counted = { qos: options.qos, subscriptions: options.subscriptions };
  const calls = {
    full: await countCalls({ ...counted, batch: 10 }),
    alone: await countCalls({ ...counted, batch: 1 }),
  };
  return { options, calls };
}

test('the page repeats what one stage takes of the large load, at both ends of a batch, and when a second stage is due', async () => {
  const { options, calls } = await largeLoad();
  const report = scaleReport(options, calls);
  const [, deliveries = ''] = /One stage takes(.*?)subscriptions at this rate/s.exec(report) ?? [];
  const ranges = deliveries.match(/[\d,]+ to [\d,]+/g) ?? [];
  const due = [...report.matchAll(/: at ([\d,]+) deliveries a second/g)].map(([, figure = '']) => figure);
  expect([ranges.length, due.length]).toEqual([4, 2]);
  for (const figure of [...ranges, ...due]) expect(page.text).toContain(figure);
});

test('the needs of the large load are those of the scale model', async () => {
  const { options, calls } = await largeLoad();
  const limits = limitsOf(options, options.settings, calls);
  const rows = page.table('limit | full batches');
  expect(rows.length).toBeGreaterThan(5);
  for (const [name, ...cells] of rows) {
    const limit = limits.find((one) => one.name === name);
    const ranges = [limit?.full, limit?.alone, limit?.now, limit?.most].map((figure = Number.NaN) =>
      rangeText(typeof figure === 'number' ? { low: figure, high: figure } : figure),
    );
    expect(cells, name).toEqual(ranges);
  }
});

test('the table of the simulation is what the command above it prints, and a second stage is due at four fifths', () => {
  const [large, options] = scaleCommands;
  expect(scaleCommands).toHaveLength(2);
  if (options === undefined) return;
  const { deliverMaximumConcurrency, routeMaximumConcurrency } = options.settings;
  expect(options).toEqual({
    ...large,
    settings: { ...large?.settings, deliverMaximumConcurrency, routeMaximumConcurrency },
  });
  const rows = page.table('a receive is filled with');
  expect(rows.length).toBe(3);
  for (const [name, ...cells] of rows) {
    const fill = (['eachLane', 'laneFirst', 'oneLane'] as const).find((one) => FILLS[one] === name);
    const { busy, perBatch, p50, p99, used } = simulatedCells(
      options,
      options.settings,
      fill ?? 'oneMessage',
    );
    const kept = mostSimulated(options, options.settings, fill ?? 'oneMessage');
    expect(cells, name).toEqual([busy, perBatch, p50, p99, figures(kept.perSecond)]);
    expect(kept.limit).toBe('invocations of deliver');
    if (fill !== 'laneFirst') continue;
    expect(used).toContain('reads of the table of states 47 %');
    expect(page.text).toContain(
      `keeps up with ${figures(kept.perSecond)}: four fifths of this are ${figures(kept.perSecond * 0.8)}.`,
    );
  }
});

test('with the defaults the simulated stage delivers what the page says', () => {
  const [options] = scaleCommands;
  if (options === undefined) throw new Error('there is no command npm run scale');
  const { perSecond, used } = simulatedCells(options, options.settings, 'laneFirst');
  expect(page.text).toContain(`the simulated stage delivers ${perSecond} a second in the first seconds`);
  expect(used).toContain('invocations of route 100 %');
});

test.each([
  ['messages waiting on deliveries.fifo', FULL_AT],
  ['requests in flight of a subscription without order', LARGEST_MAX_CONCURRENT_CONNECTIONS],
])('the quota of %s is %i', (quota, value) => {
  const [, here = ''] = page.table('quota').find(([name]) => name === quota) ?? [];
  expect(here.match(/\d[\d,]*/g)).toEqual([value.toLocaleString('en')]);
});

test('every request to resume has its row, and no row is of another', () => {
  const actions = requestSchema.options.map(({ shape }) => shape.action.value);
  const listed = page
    .table('`action`')
    .flatMap(([names = '']) => names.replace(/ without .*/, '').split(', '));
  expect([...new Set(listed)].sort()).toEqual([...actions].sort());
});

test('every cause of an attempt without a status has its row, with what to do', () => {
  expect(page.table('code')).toEqual(CAUSE_CODES.map((code) => [code, CAUSES[code]]));
});
