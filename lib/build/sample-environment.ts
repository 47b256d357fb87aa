// An environment that lets any of the functions start: numbers as serverless.yml has them by default, names that lead
// nowhere. For what imports a function without a deployment: its cost, benchmarks, tests.
const TABLES = ['SUBSCRIPTIONS_TABLE', 'ENDPOINTS_TABLE', 'STATE_TABLE'];
const QUEUES = ['MESSAGES', 'MESSAGES_FIFO', 'RETRIES', 'DELIVERIES', 'DEAD_LETTERS', 'UNDELIVERABLE'];

export const SAMPLE_ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_REGION: 'us-east-1',
  STAGE: 'dev',
  LARGEST_READ_TIMEOUT_MS: '30000',
  ALLOW_HTTP: 'false',
  ALLOWED_CIDRS: '',
  ALLOW_TRUST_ALL: 'false',
  RESPONSE_CAP_BYTES: '65536',
  EXCERPT_BYTES: '1024',
  EVENT_BUS: 'default',
  LAG_SECONDS: '20',
  DRAIN_SLICE_SECONDS: '5',
  DRAIN_BUDGET: '40',
  OUTAGE_FIRST_WAIT_SECONDS: '2',
  OUTAGE_LONGEST_WAIT_SECONDS: '900',
  LONGEST_RETRY_AFTER_SECONDS: '21600',
  MOST_RETRY_HOPS: '100',
  MOST_REDRIVE_ROUNDS: '10',
  ALONE_AT_RECEIVES: '3',
  CRASHING_AT_STARTS: '3',
  FAULT_FIRST_WAIT_SECONDS: '5',
  FAULT_LONGEST_WAIT_SECONDS: '60',
  SECRET_CACHE_SECONDS: '300',
  CONFIG_CACHE_SECONDS: '5',
  CLAIMS_LIVE_DAYS: '28',
  BACKLOG_RETENTION_DAYS: '21',
  BRIDGE_RETENTION_DAYS: '14',
  UNSUBSCRIBED_AFTER_MINUTES: '60',
  ...Object.fromEntries(TABLES.map((name) => [name, 'table'])),
  ...Object.fromEntries(QUEUES.map((name) => [`${name}_QUEUE_URL`, 'https://queue.invalid/name'])),
};
