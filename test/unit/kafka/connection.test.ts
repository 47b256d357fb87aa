import { expect, test } from 'vitest';
import { addressRules } from '#lib/callback/address.ts';
import { connectionTo } from '#lib/kafka/connection.ts';

test.each([
  [1, 3_000],
  [4, 750],
  // Less would be too short for each of them.
  [20, 500],
])('for connecting, each of %i bootstrap servers has %i ms', async (count, ms) => {
  const bootstrapServers = Array.from({ length: count }, (_, index) => `broker-${index}.example:9092`);
  const configuration = {
    bootstrapServers,
    topic: 'dead-letters',
    compressionType: 'none',
    security: { protocol: 'PLAINTEXT' },
  } as const;
  const unused = () => {
    throw new Error('a connection without credentials needs neither secrets nor names');
  };
  const connection = await connectionTo(configuration, {
    secrets: { read: unused, readAnew: unused },
    iamToken: unused,
    brokers: { lookup: unused, addresses: addressRules({ allowedCidrs: [], allowThisMachine: false }) },
  });
  expect(connection).toMatchObject({ ok: true, options: { connectTimeout: ms } });
});
