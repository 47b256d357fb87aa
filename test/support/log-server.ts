// The local CloudWatch Logs, without the other services: with log lines as the functions write them, and a client for it.
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { LogClients } from '#lib/attempts/find.ts';
import type { LoggingFunction } from '#lib/attempts/step.ts';
import { startEndpoint } from '#lib/local/aws/endpoint.ts';
import { createLogs } from '#lib/local/aws/logs/server.ts';
import { createLogStore } from '#lib/local/aws/logs/store.ts';

export type LogServer = Awaited<ReturnType<typeof startLogServer>>;

/** Starts the server with a clock that the test sets, and the log groups of these functions. */
export async function startLogServer({
  functions = ['route', 'deliver', 'bridge', 'redrive', 'resume'],
  mostBytes = 256 * 1024 * 1024,
}: {
  functions?: readonly LoggingFunction[];
  mostBytes?: number;
} = {}) {
  let now = Date.parse('2026-11-28T12:00:00Z');
  const store = createLogStore({ now: () => now, mostBytes });
  const groupOf = (name: string) => `/aws/lambda/webhooks-local-${name}`;
  for (const name of functions) store.create(groupOf(name));
  const logs = createLogs(store);
  const endpoint = await startEndpoint({ port: 0, services: { logs } });
  const client = new CloudWatchLogsClient({
    endpoint: endpoint.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const clients: LogClients = { logs: client, groupOf };
  return {
    url: endpoint.url,
    client,
    clients,
    logs,
    now: () => now,
    advance(ms: number): void {
      now += ms;
    },
    raw: (name: LoggingFunction, text: string) => store.add(groupOf(name), text),
    /** Writes a line as the functions do. */
    line(name: LoggingFunction, event: string, fields: object = {}): void {
      const timestamp = new Date(now).toISOString();
      const common = { service: 'sqs-webhooks', function: name, stage: 'local', requestId: 'r' };
      store.add(
        groupOf(name),
        JSON.stringify({ level: 'INFO', message: event, timestamp, ...common, ...fields }),
      );
    },
    async close() {
      client.destroy();
      await endpoint.close();
    },
  };
}

/** All that an iterator yields. */
export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
