// `npm run put -- FILE…`: puts config items of JSON files into the tables of `npm start`, or of AWS_ENDPOINT_URL. A subscription
// that would be paused for its faults is refused here instead, with all of them.
import { readFileSync } from 'node:fs';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { addressRules } from '#lib/callback/address.ts';
import { checkUrl } from '#lib/callback/guard.ts';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { createClients } from '#lib/local/clients.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { endpointUrl, fail } from './command.ts';

// What the stage `local` allows: see serverless.yml and config.ts.
const addresses = addressRules({ allowedCidrs: [], allowThisMachine: true });
const rules = {
  largestReadTimeoutMs: 30_000,
  checkUrl: (url: string) => checkUrl(url, { allowHttp: true, addresses }),
};

const files = process.argv.slice(2);
if (files.length === 0) fail('Say which files: npm run put -- FILE.json', 2);
const items = files.map(read);
const documents = DynamoDBDocumentClient.from(createClients(endpointUrl()).dynamodb);
for (const { table, item, name } of items) {
  await documents.send(new PutCommand({ TableName: table, Item: item })).catch(fail);
  console.log(`${name} is in ${table}.`);
}

function read(file: string) {
  const item = parseJson(file);
  const isEndpoint = 'name' in item && !('id' in item);
  const parsed = isEndpoint ? parseEndpoint(item) : parseSubscription(item, rules);
  if (!parsed.ok) {
    fail(
      `${file} is not right.\n${parsed.faults.map(({ path, reason }) => `  ${path}: ${reason}`).join('\n')}`,
    );
  }
  const table = `webhooks-local-${isEndpoint ? 'endpoints' : 'subscriptions'}`;
  return { table, item, name: String(isEndpoint ? item.name : item.id) };
}

function parseJson(file: string): Record<string, unknown> {
  try {
    const item: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof item === 'object' && item !== null) return { ...item };
    return fail(`${file} holds no JSON object.`);
  } catch (error) {
    return fail(`${file} can't be read: ${error instanceof Error ? error.message : error}`);
  }
}
