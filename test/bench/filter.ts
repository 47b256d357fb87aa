// CPU of `route` for one message of a topic with 10,000 subscriptions, without filters and with filters of several kinds. The
// subscriptions are in memory and nothing is sent: what is measured is finding who gets the message. `npm run bench:filter`.
import { address } from '#lib/route/address.ts';
import { createDirectory } from '#lib/subscription/directory.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import { recordOf } from '#test/support/records.ts';
import { header } from './machine.ts';
import { median } from './ratio.ts';

const SUBSCRIPTIONS = Number(process.env.SUBSCRIPTIONS ?? 10_000);
const MESSAGES = Number(process.env.MESSAGES ?? 20);

const items = Array.from({ length: 20 }, (_, n) => ({ kind: `kind-${n}`, price: n, state: 'open' }));
const body = JSON.stringify({ kind: 'order', country: 'de', amount: 42, customer: { id: 'c-1' }, items });

/** Of each kind, one subscription in ten wants the message. */
const KINDS: Readonly<Record<string, (n: number) => object | undefined>> = {
  'no filter': () => undefined,
  'one text': (n) => ({ body: { kind: [n % 10 === 0 ? 'order' : `kind-${n % 50}`] } }),
  'another filter each': (n) => ({ body: { kind: [n % 10 === 0 ? 'order' : 'x', `own-${n}`] } }),
  'numbers, texts, $or': (n) => ({
    body: {
      amount: [{ numeric: ['>=', n % 10 === 0 ? 40 : 50] }],
      $or: [{ country: [{ 'equals-ignore-case': 'DE' }] }, { customer: { vip: [true] } }],
    },
    headers: { 'x-test': [{ exists: false }] },
  }),
  wildcards: (n) => ({ body: { kind: [{ wildcard: n % 10 === 0 ? 'o*r*' : `k*${n % 50}*` }] } }),
  'two fields of a list': (n) => ({
    body: { items: { kind: [{ prefix: 'kind-' }], price: [{ numeric: ['=', n % 10 === 0 ? 7 : 99] }] } },
  }),
};

const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

console.log(
  header(
    `one message, ${SUBSCRIPTIONS} subscriptions, body of ${body.length} bytes; CPU in ms, median of ${MESSAGES}`,
  ),
);
console.log('| filter | gets it | first message, with reading | next messages | a subscription, in µs |');
console.log('|---|---|---|---|---|');
for (const [kind, filterOf] of Object.entries(KINDS)) {
  const { documents, put } = createMemoryDocuments({ pageSize: 1_000 });
  for (let n = 0; n < SUBSCRIPTIONS; n += 1) {
    const filter = filterOf(n);
    const configuration = { callbackUrl: 'https://hooks.example.com/in' };
    put('subscriptions', { id: `s${n}`, topic: 'orders', configuration, ...(filter && { filter }) });
  }
  const directory = createDirectory({ ...tablesOver(documents), now: () => 0, cacheMs: 5_000 });
  const meter = { count() {}, measure() {} };
  const deps = { directory, count() {}, meterOf: () => meter };
  const record = recordOf({ attributes: { topic: 'orders' }, body });
  const times: number[] = [];
  let gets = 0;
  for (let n = 0; n <= MESSAGES; n += 1) {
    const before = process.cpuUsage();
    const addressed = await address(record, deps);
    times.push(cpuMs(before));
    gets = addressed.kind === 'deliveries' ? addressed.deliveries.length : 0;
  }
  const [first = 0, ...next] = times;
  const nextMs = median(next);
  console.log(
    `| ${kind} | ${gets} | ${first.toFixed(0)} | ${nextMs.toFixed(1)} | ${((nextMs * 1000) / SUBSCRIPTIONS).toFixed(2)} |`,
  );
}
