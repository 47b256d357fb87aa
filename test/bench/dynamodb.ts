// DynamoDB for the backlog's benchmark, in a process of its own: what is parked there costs the queues no time.
import { startDynamoDb } from '#lib/local/aws/dynamodb.ts';
import { answering } from './beside.ts';

const { url } = await startDynamoDb();
answering<never>(url, () => undefined);
