// What a cold start pays before the handler runs: the CPU of importing a bundle, in a process that does nothing else.
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { bundleFile } from './bundle.ts';

// Values that let any of the functions start. Nothing is called.
const ENVIRONMENT: Readonly<Record<string, string>> = Object.fromEntries([
  ['AWS_REGION', 'us-east-1'],
  ['STAGE', 'dev'],
  ['LARGEST_READ_TIMEOUT_MS', '30000'],
  ['ALLOW_HTTP', 'false'],
  ['ALLOWED_CIDRS', ''],
  ['ALLOW_TRUST_ALL', 'false'],
  ['EVENT_BUS', 'default'],
  ['LAG_SECONDS', '20'],
  ['SECRET_CACHE_SECONDS', '300'],
  ['DRAIN_BUDGET', '40'],
  ['BACKLOG_RETENTION_DAYS', '21'],
  ['BRIDGE_RETENTION_DAYS', '14'],
  ...['SUBSCRIPTIONS_TABLE', 'ENDPOINTS_TABLE', 'STATE_TABLE'].map((name) => [name, 'table']),
  ...['MESSAGES', 'MESSAGES_FIFO', 'RETRIES', 'DELIVERIES', 'DEAD_LETTERS', 'UNDELIVERABLE'].map((name) => [
    `${name}_QUEUE_URL`,
    'https://queue.invalid/name',
  ]),
]);

const SCRIPT = `
  const started = performance.now();
  const before = process.cpuUsage();
  await import(process.argv[1]);
  const { user, system } = process.cpuUsage(before);
  console.log([(user + system) / 1000, performance.now() - started].join(' '));
`;

/** What importing the function's bundle takes, in milliseconds. Build it first. */
export function importCost(functionName: string): { cpuMs: number; wallMs: number } {
  const url = pathToFileURL(bundleFile(functionName)).href;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, url], {
    env: ENVIRONMENT,
    encoding: 'utf8',
  });
  const [cpuMs = Number.NaN, wallMs = Number.NaN] = output.split(' ').map(Number);
  return { cpuMs, wallMs };
}
