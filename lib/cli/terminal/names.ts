// What a deployment's parts are called: everything derives from the stage, as serverless.yml has it.

export const QUEUES = [
  'messages',
  'messages.fifo',
  'deliveries.fifo',
  'retries',
  'dead-letters',
  'undeliverable',
] as const;
export type QueueName = (typeof QUEUES)[number];

export type DeploymentNames = ReturnType<typeof namesOf>;

export const namesOf = (stage: string) => ({
  stage,
  queue: (name: QueueName) => `webhooks-${stage}-${name}`,
  table: (name: 'subscriptions' | 'endpoints' | 'state') => `webhooks-${stage}-${name}`,
  function: (name: 'route' | 'deliver' | 'resume' | 'bridge' | 'redrive') => `webhooks-${stage}-${name}`,
  /** Where the functions may read secrets. */
  secret: (name: string) => `webhooks/${stage}/${name}`,
});
