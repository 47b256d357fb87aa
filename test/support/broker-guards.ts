// Guards of Kafka connections for tests: the brokers of tests are on this machine.
import { addressRules } from '#lib/callback/address.ts';
import { systemLookup } from '#lib/callback/guard.ts';
import type { BrokerGuard } from '#lib/kafka/broker-guard.ts';

/** Brokers may be on this machine, as on an emulated stage. */
export const onThisMachine: BrokerGuard = {
  lookup: systemLookup,
  addresses: addressRules({ allowedCidrs: [], allowThisMachine: true }),
};
