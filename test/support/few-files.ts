// A process of its own with few open files, because that limit is the process's: ten exchanges at once with each of many
// subscriptions, whose connections stay open, and then one of the next tenant. Prints the results as JSON.
// Arguments: the callback's port, the DNS server, how many subscriptions.
import dns from 'node:dns';
import { createCallbackClient } from '#lib/callback/client.ts';
import { LocalFault } from '#lib/callback/local-fault.ts';

const [port, server = '', count] = process.argv.slice(2);
dns.setServers([server]);
const client = createCallbackClient({
  allowHttp: true,
  allowedCidrs: [],
  allowThisMachine: true,
  responseCapBytes: 1_000,
});

async function exchange(key: string): Promise<string> {
  try {
    const exchanged = await client.exchange({
      url: `http://${key}.test:${port}/`,
      headers: {},
      body: Buffer.from('{}'),
      timeoutMs: 10_000,
      pool: {
        key,
        tenant: key,
        connectTimeoutMs: 10_000,
        idleTimeoutMs: 600_000,
        connections: 10,
        fresh: false,
      },
    });
    return exchanged.kind === 'answered' ? 'answered' : exchanged.message;
  } catch (error) {
    if (error instanceof LocalFault) return error.code;
    throw error;
  }
}

const results: Record<string, number> = {};
for (let at = 0; at < Number(count); at++) {
  const lanes = Array.from({ length: 10 }, () => exchange(`subscription-${at}`));
  for (const result of await Promise.all(lanes)) results[result] = (results[result] ?? 0) + 1;
}
console.log(JSON.stringify({ results, next: await exchange('next-tenant') }));
await client.close();
