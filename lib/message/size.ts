// The sizes of messages. SQS takes 1 MiB with attributes. A publisher may use less, so that the functions' own attribute
// fits beside the same body on every later queue.
import { ATTRIBUTE } from './attribute.ts';

/** The largest message on a publisher's queue, in bytes with its attributes: 896 KiB. */
export const LARGEST_MESSAGE_BYTES = 917_504;

/** The largest message on the functions' own queues, in bytes with its attributes: SQS's own limit. */
export const LARGEST_OWN_MESSAGE_BYTES = 1_048_576;

/** Bytes of a message on the functions' own queues, as SQS counts them: body, name, type and value of the attribute. */
export const ownMessageBytes = (body: string, attribute: string): number =>
  Buffer.byteLength(body) + ATTRIBUTE.length + 'String'.length + Buffer.byteLength(attribute);

/** Whether a body and the functions' own attribute fit into one message of the functions' own queues. */
export const fitsOwnQueue = (body: string, attribute: string): boolean =>
  ownMessageBytes(body, attribute) <= LARGEST_OWN_MESSAGE_BYTES;
