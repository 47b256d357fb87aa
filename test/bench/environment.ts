// The environment of a function that a benchmark runs in its own process. The tables and
// queues are the benchmark's own clients, whatever they are called.
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
