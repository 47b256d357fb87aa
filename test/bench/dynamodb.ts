// DynamoDB for the backlog's benchmark, in a process of its own: parked messages take no time from the queues.
import { startDynamoDb } from '#lib/local/aws/dynamodb.ts';
import { answering } from './beside.ts';

const { url } = await startDynamoDb();
answering<never>(url, () => undefined);
