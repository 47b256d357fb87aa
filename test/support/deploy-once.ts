// Setup of the deploy tests: an emulated AWS, and the stage that the tests use, deployed there by the serverless CLI from
// a separate checkout. Tests get only the address; they read everything else from CloudFormation.
import type { TestProject } from 'vitest/node';
import { checkOut } from './deployment.ts';
import { REGION, startMiniStack } from './ministack.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    endpointUrl: string;
    /** The folder in which `serverless` was run. */
    checkout: string;
  }
}

/** A queue that an endpoint names. */
export const DEAD_LETTERS = 'rejected-orders';
/** A second queue, for the test of the roles, which leaves messages in it. */
export const ROLES_DEAD_LETTERS = 'rejected-by-roles';
export const arnOf = (queue: string): string => `arn:aws:sqs:${REGION}:000000000000:${queue}`;

/** Secrets of this name, and below it, are for every item. */
export const SHARED_SECRETS = 'company/shared';

/** The stage allows callbacks to this machine: see allowsThisMachine in lib/deployment/rules.ts. */
export const STAGE = 'local-deploy';
/**
 * A message of a function that was replaced during its work stays invisible for its visibility timeout, which is shorter
 * here. A lane that waits for this must not count as slow.
 */
export const PARAMETERS = [
  'allowHttp=true',
  `sqsEndpointArns=${arnOf(DEAD_LETTERS)},${arnOf(ROLES_DEAD_LETTERS)}`,
  `sharedSecretPrefixes=${SHARED_SECRETS}`,
  'routeTimeoutSeconds=20',
  'messagesVisibilitySeconds=30',
  'deliverTimeoutSeconds=15',
  'bridgeTimeoutSeconds=30',
  'deliveriesVisibilitySeconds=180',
  'largestReadTimeoutMs=5000',
  'lagSeconds=300',
].flatMap((parameter) => ['--param', parameter]);

export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const miniStack = await startMiniStack();
  const cli = await checkOut(miniStack.url);
  async function teardown(): Promise<void> {
    await miniStack.close();
    cli.remove();
  }
  try {
    const started = performance.now();
    await cli.serverless(STAGE, 'deploy', ...PARAMETERS);
    console.log(`serverless deploy took ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.error(miniStack.output());
    await teardown();
    throw error;
  }
  provide('endpointUrl', miniStack.url);
  provide('checkout', cli.root);
  return teardown;
}
