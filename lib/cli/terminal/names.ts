// Names of a deployment's resources, derived from its stage as in serverless.yml.

import type { QueueName } from '#lib/endpoint/own-queues.ts';

export type DeploymentNames = ReturnType<typeof namesOf>;

/** The names of a stage's queues, tables and functions. */
export const namesOf = (stage: string) => ({
  stage,
  queue: (name: QueueName) => `webhooks-${stage}-${name}`,
  table: (name: 'subscriptions' | 'endpoints' | 'state') => `webhooks-${stage}-${name}`,
  function: (name: 'route' | 'deliver' | 'resume' | 'bridge' | 'redrive') => `webhooks-${stage}-${name}`,
  /** The prefix of secrets, unless the deployment sets another. */
  secretsPrefix: `webhooks/${stage}`,
});
