// Puts announcements on an EventBridge bus.
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Announcement } from './announce.ts';

/** The `source` of every event that this product puts on the bus. */
const SOURCE = 'sqs-webhooks';

/** Returns the function that puts an event on `bus` (name or ARN). It throws when the bus does not take the event. */
export const putOn =
  (bus: string, client: Pick<EventBridgeClient, 'send'>) =>
  async ({ type, detail }: Announcement): Promise<void> => {
    const { FailedEntryCount, Entries } = await client.send(
      new PutEventsCommand({
        Entries: [{ EventBusName: bus, Source: SOURCE, DetailType: type, Detail: JSON.stringify(detail) }],
      }),
    );
    if (FailedEntryCount) throw new NotTaken(Entries?.[0]?.ErrorCode ?? 'Unknown');
  };

class NotTaken extends Error {
  override name = 'NotTaken';
  readonly code: string;
  constructor(code: string) {
    super(`EventBridge did not take the event: ${code}`);
    this.code = code;
  }
}
