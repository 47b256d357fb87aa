// The environment of the functions over queues and tables in memory; all numbers are the defaults of a deployment.
import { SAMPLE_ENVIRONMENT } from '#lib/build/sample-environment.ts';
import { TABLES } from './memory-documents.ts';

export const URLS = {
  messages: 'http://sqs/000000000000/messages',
  messagesFifo: 'http://sqs/000000000000/messages.fifo',
  retries: 'http://sqs/000000000000/retries',
  deliveries: 'http://sqs/000000000000/deliveries.fifo',
  deadLetters: 'http://sqs/000000000000/dead-letters',
  undeliverable: 'http://sqs/000000000000/undeliverable',
} as const;

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  ...SAMPLE_ENVIRONMENT,
  SUBSCRIPTIONS_TABLE: TABLES.subscriptionsTable,
  ENDPOINTS_TABLE: TABLES.endpointsTable,
  STATE_TABLE: TABLES.stateTable,
  MESSAGES_QUEUE_URL: URLS.messages,
  MESSAGES_FIFO_QUEUE_URL: URLS.messagesFifo,
  RETRIES_QUEUE_URL: URLS.retries,
  DELIVERIES_QUEUE_URL: URLS.deliveries,
  DEAD_LETTERS_QUEUE_URL: URLS.deadLetters,
  UNDELIVERABLE_QUEUE_URL: URLS.undeliverable,
};
