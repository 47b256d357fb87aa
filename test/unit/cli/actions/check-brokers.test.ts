import { expect, test } from 'vitest';
import { faultsOfBrokerNames } from '#lib/cli/actions/check-brokers.ts';
import { itemRules } from '#lib/deployment/rules.ts';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { rulesOf } from '#test/support/deployment-rules.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['52.1.2.3'],
  'inside.example': ['10.0.3.7'],
  'metadata.example': ['52.1.2.3', '169.254.169.254'],
};
const lookup = async (name: string) => {
  const found = NAMES[name];
  if (found === undefined) throw Object.assign(new Error(name), { code: 'ENOTFOUND' });
  return found.map((address) => ({ address }));
};

async function faultsOf(bootstrapServers: string, brokerCidrs: readonly string[] = []) {
  const deployment = rulesOf({ brokerCidrs });
  const item = { name: 'e', type: 'kafka', configuration: { bootstrapServers, topic: 't' } };
  const parsed = parseEndpoint(item, itemRules(deployment));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return await faultsOfBrokerNames(parsed.endpoint, { deployment, lookup });
}

test('a name that leads to a forbidden address is refused when the endpoint is put', async () => {
  for (const servers of ['inside.example:9092', 'public.example:9092,metadata.example:9092']) {
    expect(await faultsOf(servers)).toEqual([
      { path: 'configuration.bootstrapServers', reason: expect.stringContaining('brokerCidrs') },
    ]);
  }
  expect(await faultsOf('metadata.example:9092', ['169.0.0.0/8', '52.0.0.0/8'])).toHaveLength(1);
});

test('a public name, one in brokerCidrs, and one that only the VPC knows are accepted', async () => {
  expect(await faultsOf('public.example:9092')).toEqual([]);
  expect(await faultsOf('inside.example:9092', ['10.0.0.0/16'])).toEqual([]);
  expect(await faultsOf('only-in-the-vpc.example:9092')).toEqual([]);
});
