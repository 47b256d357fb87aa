// The event source mappings against the template: that each queue has one, that it is on, and how it receives. And whether
// anything else reads the queues. The schedule of resume is looked at in schedule.ts.
import { type EventSourceMappingConfiguration, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import type { ResourceNames } from '#lib/build/intrinsics.ts';
import type { DoctorClients } from './clients.ts';
import { type Desired, resolved } from './desired.ts';
import type { Sight } from './unseen.ts';

type Deps = Pick<DoctorClients, 'lambda'> & { readonly names: ResourceNames | undefined };

/** Compares the mappings of each queue that a function reads. */
export async function lookAtMappings(desired: Desired, sight: Sight, { lambda, names }: Deps): Promise<void> {
  if (names === undefined) {
    sight.skip('the event source mappings', 'the ARNs of the queues are not known');
    return;
  }
  for (const { name, events } of desired.functions) {
    for (const event of events) {
      if (!('sqs' in event)) continue;
      const EventSourceArn = String(resolved(event.sqs.arn, desired, names));
      const mappings = await sight.look(
        `the event source mapping of ${nameIn(EventSourceArn)}`,
        'lambda:ListEventSourceMappings',
        () => listMappings(EventSourceArn, lambda),
      );
      if (mappings === undefined) continue;
      const isOurs = ({ FunctionArn = '' }: EventSourceMappingConfiguration) =>
        FunctionArn.split(':')[6] === `${desired.stackName}-${name}`;
      compareOne(mappings.filter(isOurs), event.sqs, sight, {
        queue: nameIn(EventSourceArn),
        functionName: `${desired.stackName}-${name}`,
      });
      for (const { FunctionArn = '', UUID = '' } of mappings.filter((one) => !isOurs(one))) {
        sight.find({
          severity: 'error',
          where: nameIn(EventSourceArn),
          what: `Another function reads the queue: ${FunctionArn} takes a part of its messages.`,
          fix: `Delete the event source mapping ${UUID}.`,
        });
      }
    }
  }
}

const nameIn = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

async function listMappings(
  EventSourceArn: string,
  lambda: DoctorClients['lambda'],
): Promise<readonly EventSourceMappingConfiguration[]> {
  const found: EventSourceMappingConfiguration[] = [];
  for (let Marker: string | undefined; ; ) {
    const page = await lambda.send(
      new ListEventSourceMappingsCommand({ EventSourceArn, ...(Marker !== undefined && { Marker }) }),
    );
    found.push(...(page.EventSourceMappings ?? []));
    Marker = page.NextMarker;
    if (Marker === undefined || Marker === '') return found;
  }
}

type SqsEvent = Extract<Desired['functions'][number]['events'][number], { sqs: unknown }>['sqs'];

function compareOne(
  mappings: readonly EventSourceMappingConfiguration[],
  wanted: SqsEvent,
  sight: Sight,
  { queue, functionName }: { readonly queue: string; readonly functionName: string },
): void {
  const find = (what: string, fix: string) => sight.find({ severity: 'error', where: queue, what, fix });
  const [mapping, ...others] = mappings;
  if (mapping === undefined) {
    find(
      `No event source mapping reads the queue: ${functionName} gets none of its messages.`,
      `Create a mapping from ${queue} to ${functionName} as in serverless.yml, or remove the stack and deploy again.`,
    );
    return;
  }
  if (others.length > 0)
    find(
      `${mappings.length} event source mappings read the queue for ${functionName}: together they exceed its maximum concurrency.`,
      `Delete all but one: ${mappings.map(({ UUID }) => UUID).join(', ')}.`,
    );
  const { UUID = '', State = '' } = mapping;
  const update = (option: string) => `aws lambda update-event-source-mapping --uuid ${UUID} ${option}`;
  if (!/^(Enabled|Enabling|Creating|Updating)$/.test(State))
    find(
      `The event source mapping is ${State}: messages wait, and SQS deletes them after the retention period.`,
      `Turn it on: ${update('--enabled')}`,
    );
  const concurrency = mapping.ScalingConfig?.MaximumConcurrency;
  if (concurrency !== wanted.maximumConcurrency)
    find(
      `MaximumConcurrency is ${concurrency ?? 'not set'} instead of ${wanted.maximumConcurrency}${concurrency === undefined ? ': Lambda starts up to 1,000 invocations' : ''}.`,
      `Set it: ${update(`--scaling-config MaximumConcurrency=${wanted.maximumConcurrency}`)}`,
    );
  if (mapping.BatchSize !== wanted.batchSize)
    find(
      `BatchSize is ${mapping.BatchSize} instead of ${wanted.batchSize}.`,
      `Set it: ${update(`--batch-size ${wanted.batchSize}`)}`,
    );
  const window = mapping.MaximumBatchingWindowInSeconds ?? 0;
  if (window !== wanted.maximumBatchingWindow)
    find(
      `The batching window is ${window} s instead of ${wanted.maximumBatchingWindow} s.`,
      `Set it: ${update(`--maximum-batching-window-in-seconds ${wanted.maximumBatchingWindow}`)}`,
    );
  if (mapping.FunctionResponseTypes?.[0] !== wanted.functionResponseType)
    find(
      `${wanted.functionResponseType} is off: SQS deletes messages that the function handed back, and they are lost.`,
      `Turn it on: ${update(`--function-response-types ${wanted.functionResponseType}`)}`,
    );
  if ((mapping.FilterCriteria?.Filters ?? []).length > 0)
    find(
      'The event source mapping has filters: Lambda deletes the messages that do not match.',
      `Remove them: ${update("--filter-criteria '{}'")}`,
    );
}
