// Puts announcements on an EventBridge bus.
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { untilProcessed, type WaitClock } from '#lib/queue/unprocessed.ts';
import type { Announcement } from './announce.ts';

/** The `source` of every event that this product puts on the bus. */
const SOURCE = 'sqs-webhooks';

/** A bus that throttles answers at once. A pause waits for its announcement this long at most. */
const PATIENCE_MS = 500;

/** The codes of an entry that may pass later. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html */
const LATER = /Throttling|InternalFailure|InternalException|ServiceUnavailable/;

/**
 * Returns the function that puts an event on `bus` (name or ARN). An event that the bus could not take now is put again
 * for half a second. Throws when the bus does not take it.
 */
export const putOn =
  (bus: string, client: Pick<EventBridgeClient, 'send'>, clock: WaitClock) =>
  async ({ type, detail }: Announcement): Promise<void> => {
    const entry = { EventBusName: bus, Source: SOURCE, DetailType: type, Detail: JSON.stringify(detail) };
    const { PutEventsCommand } = await import('#lib/aws/event-client.ts');
    let code: string | undefined;
    await untilProcessed(
      entry,
      async () => {
        const put = new PutEventsCommand({ Entries: [entry] });
        const { FailedEntryCount, Entries: [answer] = [] } = await client.send(put);
        code = FailedEntryCount ? (answer?.ErrorCode ?? 'Unknown') : undefined;
        return code !== undefined && LATER.test(code) ? entry : undefined;
      },
      clock,
      PATIENCE_MS,
    );
    if (code !== undefined) throw new NotTaken(code);
  };

class NotTaken extends Error {
  override name = 'NotTaken';
  readonly code: string;
  constructor(code: string) {
    super(`EventBridge did not take the event: ${code}`);
    this.code = code;
  }
}
