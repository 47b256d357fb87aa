// The environment of a function that a benchmark runs in its own process. Read when the function's file is imported; the
// tables and queues are the benchmark's own clients, whatever they are called.
export const environmentAt = (url: string): Readonly<Record<string, string>> => ({
  STAGE: 'local',
  AWS_REGION: 'us-east-1',
  LARGEST_READ_TIMEOUT_MS: '30000',
  ALLOW_HTTP: 'true',
  ALLOWED_CIDRS: '',
  ALLOW_TRUST_ALL: 'false',
  SUBSCRIPTIONS_TABLE: 'subscriptions',
  ENDPOINTS_TABLE: 'endpoints',
  STATE_TABLE: 'state',
  DELIVERIES_QUEUE_URL: `${url}/deliveries.fifo`,
  UNDELIVERABLE_QUEUE_URL: `${url}/undeliverable`,
  RETRIES_QUEUE_URL: `${url}/retries`,
  DEAD_LETTERS_QUEUE_URL: `${url}/dead-letters`,
  EVENT_BUS: 'default',
  LAG_SECONDS: '20',
  SECRET_CACHE_SECONDS: '300',
  BRIDGE_RETENTION_DAYS: '14',
});
