// The environment of a function that a benchmark runs in its own process. The names of tables and queues in it have no
// meaning, because the benchmark passes its own clients.
import { SAMPLE_ENVIRONMENT } from '#lib/build/sample-environment.ts';

export const environmentAt = (url: string): Readonly<Record<string, string>> => ({
  ...SAMPLE_ENVIRONMENT,
  STAGE: 'local',
  ALLOW_HTTP: 'true',
  SUBSCRIPTIONS_TABLE: 'subscriptions',
  ENDPOINTS_TABLE: 'endpoints',
  STATE_TABLE: 'state',
  DELIVERIES_QUEUE_URL: `${url}/deliveries.fifo`,
  UNDELIVERABLE_QUEUE_URL: `${url}/undeliverable`,
  RETRIES_QUEUE_URL: `${url}/retries`,
  DEAD_LETTERS_QUEUE_URL: `${url}/dead-letters`,
});
