// DynamoDB for benchmarks and tests, in its own process, so that its work does not slow down the queues.
import { startDynamoDb } from '#lib/local/aws/dynamodb.ts';
import { answering } from './beside.ts';

const { url } = await startDynamoDb();
answering<never>(url, () => undefined);
