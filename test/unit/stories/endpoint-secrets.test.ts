// redrive and the secrets of an endpoint: one of another is a fault of the request, and is not read.
import type { Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import { ENVIRONMENT } from '#test/support/environment.ts';
import { createRedrive } from '#test/support/functions.ts';
import { createMemoryDocuments } from '#test/support/memory-documents.ts';
import { ENDPOINT_SECRETS, kafkaEndpoint } from '#test/support/secret-kinds.ts';
import { telemetryInto } from '#test/support/telemetry.ts';

function setUp() {
  const asked: unknown[] = [];
  const tables = createMemoryDocuments();
  const silent = { info() {}, warn() {}, error() {} };
  const nothing = async () => {
    throw new Error('nothing here is called');
  };
  const handler = createRedrive(
    {
      sqs: { send: nothing },
      sqsIn: () => ({ send: nothing }),
      documents: tables.documents,
      secretsManager: {
        async send({ input }: { input: { SecretId?: string } }) {
          asked.push(input.SecretId);
          throw new Error('nobody here has a secret');
        },
      } as never,
      iamToken: nothing,
      surroundings: {
        now: () => 1_700_000_000_000,
        random: () => 0,
        wait: async () => {},
        telemetryOf: () => telemetryInto({ log: silent, counts: new Map() }),
      },
    },
    ENVIRONMENT,
  );
  const context = { awsRequestId: 'redrive', getRemainingTimeInMillis: () => 60_000 } as Context;
  return {
    asked,
    put: (item: Record<string, unknown>) => tables.put('endpoints', item),
    redrive: (endpoint: string) => handler({ endpoint, dryRun: true }, context),
  };
}

test.each(ENDPOINT_SECRETS)('an endpoint with $what of another is not opened', async ({ path, of }) => {
  const { put, redrive, asked } = setUp();
  put(kafkaEndpoint('thief', of('webhooks/dev/endpoints/victim')));
  expect(await redrive('thief')).toMatchObject({
    ok: false,
    faults: [{ path: 'endpoint', reason: expect.stringContaining(`configuration.${path}: names a secret`) }],
  });
  expect(asked).toEqual([]);
  put(kafkaEndpoint('victim', of('webhooks/dev/endpoints/victim')));
  await redrive('victim');
  expect(asked).toEqual(['webhooks/dev/endpoints/victim']);
});
