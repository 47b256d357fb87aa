// Whether the account's Lambda concurrency suffices for a stage, asked before the stage is deployed. AWS does not refuse a
// stage that needs more: its invocations are throttled later, and each throttle costs messages a visibility timeout.
import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { ParameterValues } from '#lib/deployment/parameters.ts';

type Concurrency = Pick<
  ParameterValues,
  'routeMaximumConcurrency' | 'deliverMaximumConcurrency' | 'bridgeMaximumConcurrency'
>;

/** The most invocations at once of the functions that queues feed. `route` has one event source mapping for each of its three queues. */
export const capacityOf = (values: Concurrency) => ({
  route: 3 * values.routeMaximumConcurrency,
  deliver: values.deliverMaximumConcurrency,
  bridge: values.bridgeMaximumConcurrency,
});

/** `resume` and `redrive`, which no queue feeds, run one at a time. */
const ON_REQUEST = 2;

type Deps = { readonly lambda: Pick<LambdaClient, 'send'> };

/**
 * Says in one sentence that the account has less unreserved concurrency than the stage may use; undefined when it suffices.
 * Throws what Lambda throws.
 */
export async function lackOfConcurrency(values: Concurrency, { lambda }: Deps): Promise<string | undefined> {
  const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand());
  const available = AccountLimit?.UnreservedConcurrentExecutions;
  const { route, deliver, bridge } = capacityOf(values);
  const needed = route + deliver + bridge + ON_REQUEST;
  if (available === undefined || available >= needed) return undefined;
  return `The stage may run ${needed} invocations at once, and the account has ${available} left for functions without reserved concurrency: raise the quota "Concurrent executions" of AWS Lambda, or lower routeMaximumConcurrency (counted three times), deliverMaximumConcurrency or bridgeMaximumConcurrency, or invocations are throttled.`;
}

/**
 * The warning of `lackOfConcurrency`, or a warning that the account's limit could not be read. Never rejects: an operator may
 * want a slow stage in a small account.
 */
export async function concurrencyWarning(values: Concurrency, deps: Deps): Promise<string | undefined> {
  try {
    return await lackOfConcurrency(values, deps);
  } catch (error) {
    const name = error instanceof Error ? error.name : 'Unknown';
    return `The account's Lambda concurrency could not be checked (${name}): allow lambda:GetAccountSettings, or look at the quota "Concurrent executions" yourself.`;
  }
}
