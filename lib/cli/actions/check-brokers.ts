// Looks up the brokers of a Kafka endpoint before it is put. A name that this machine does not know is no fault: the names of
// brokers in a VPC are often known only there, and the functions check each connection.
import type { Lookup } from '#lib/callback/guard.ts';
import { brokerAddresses, type DeploymentRules } from '#lib/deployment/rules.ts';
import type { Endpoint } from '#lib/endpoint/endpoint.ts';
import type { Fault } from '#lib/item/fault.ts';
import { brokerOf } from '#lib/kafka/broker-guard.ts';

/** The fault of a broker whose name leads to an address that brokers may not have. Literals are checked with the item. */
export async function faultsOfBrokerNames(
  { type, configuration }: Endpoint,
  { deployment, lookup }: { readonly deployment: DeploymentRules; readonly lookup: Lookup },
): Promise<Fault[]> {
  if (type !== 'kafka') return [];
  const addresses = brokerAddresses(deployment);
  for (const server of configuration.bootstrapServers) {
    for (const { address } of await lookup(brokerOf(server).host).catch(() => [])) {
      const refusal = addresses.refusal(address);
      if (refusal === undefined) continue;
      const reason = `has a broker whose name leads to ${refusal}: name its range in the parameter brokerCidrs; loopback and link-local addresses can't be allowed`;
      return [{ path: 'configuration.bootstrapServers', reason }];
    }
  }
  return [];
}
