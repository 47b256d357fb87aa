// redrive and the secrets of an endpoint: one of another is a fault of the request, and is not read.
import { expect, test } from 'vitest';
import { createRedriveWorld } from '#test/support/redrive-world.ts';
import { ENDPOINT_SECRETS, kafkaEndpoint } from '#test/support/secret-kinds.ts';

test.each(ENDPOINT_SECRETS)('an endpoint with $what of another is not opened', async ({ path, of }) => {
  const { tables, ask, secretsAsked } = createRedriveWorld();
  tables.put('endpoints', kafkaEndpoint('thief', of('webhooks/dev/endpoints/victim')));
  expect(await ask({ endpoint: 'thief', dryRun: true })).toMatchObject({
    ok: false,
    faults: [{ path: 'endpoint', reason: expect.stringContaining(`configuration.${path}: names a secret`) }],
  });
  expect(secretsAsked).toEqual([]);
  tables.put('endpoints', kafkaEndpoint('victim', of('webhooks/dev/endpoints/victim')));
  await ask({ endpoint: 'victim', dryRun: true });
  expect(secretsAsked).toEqual(['webhooks/dev/endpoints/victim']);
});
