// Receipt handles: each allows deleting and hiding the message of its receive. Standard and FIFO queues differ here: a consumer
// that deletes too late gets an error from a FIFO queue, and none from a standard queue.
import type { Clock } from '#lib/local/aws/clock.ts';
import type { LaneEntry } from './lane.ts';
import { checkRange, invalidValue, Refusal } from './refusal.ts';
import type { MessageStore } from './store.ts';
import type { Switches } from './switches.ts';

export type Receipts = {
  write(entry: LaneEntry): string;
  delete(handle: string): void;
  changeVisibility(handle: string, seconds: number): void;
};

type Dependencies = {
  readonly queueId: string;
  readonly fifo: boolean;
  readonly store: Pick<MessageStore, 'get' | 'remove' | 'hide'>;
  readonly switches: Switches;
  readonly clock: Pick<Clock, 'now'>;
};

const HANDLE = /^([0-9a-f-]{36}) ([0-9a-f-]{36}) (\d{1,9})$/;
const LONGEST_VISIBILITY_SECONDS = 43_200;
export const VISIBILITY_SECONDS = [0, LONGEST_VISIBILITY_SECONDS] as const;

export function createReceipts({ queueId, fifo, store, switches, clock }: Dependencies): Receipts {
  /** The message if it is still there, and whether this handle is of its newest receive. */
  function read(handle: string): { entry: LaneEntry | undefined; newest: boolean } {
    const [, queue, messageId, receive] = HANDLE.exec(Buffer.from(handle, 'base64').toString('latin1')) ?? [];
    if (queue !== queueId || messageId === undefined) {
      throw new Refusal(
        'ReceiptHandleIsInvalid',
        `The input receipt handle "${handle}" is not a valid receipt handle.`,
      );
    }
    const entry = store.get(messageId);
    return { entry, newest: entry?.receives === Number(receive) };
  }

  const expired = (handle: string): Refusal =>
    invalidValue('ReceiptHandle', handle, 'The receipt handle has expired.');

  return {
    write: (entry) => Buffer.from(`${queueId} ${entry.message.id} ${entry.receives}`).toString('base64'),

    delete(handle) {
      const { entry, newest } = read(handle);
      if (!entry) {
        if (fifo && switches.fifoDeletedAgain === 'error') throw expired(handle);
        return;
      }
      const holds = fifo ? newest && entry.state === 'inFlight' : newest;
      if (holds) store.remove(entry);
      else if (fifo && switches.fifoLateDelete === 'error') throw expired(handle);
    },

    changeVisibility(handle, seconds) {
      checkRange('VisibilityTimeout', seconds, VISIBILITY_SECONDS);
      const { entry, newest } = read(handle);
      if (!entry) {
        throw invalidValue(
          'ReceiptHandle',
          handle,
          'Message does not exist or is not available for visibility timeout change.',
        );
      }
      if (!newest || entry.state !== 'inFlight') {
        if (fifo) throw expired(handle);
        throw new Refusal('MessageNotInflight', 'The message is not in flight under this receipt handle.');
      }
      const until = clock.now() + seconds * 1000;
      if (until > entry.receivedAt + LONGEST_VISIBILITY_SECONDS * 1000) {
        const reason = `Total VisibilityTimeout for the message is beyond the limit [${LONGEST_VISIBILITY_SECONDS} seconds].`;
        throw invalidValue('VisibilityTimeout', seconds, reason);
      }
      entry.changed = true;
      entry.givenBack = seconds === 0;
      store.hide(entry, seconds * 1000);
    },
  };
}
