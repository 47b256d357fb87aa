// The MD5s that SDKs check: of a body, and of attributes in SQS's own byte layout.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
import { createHash, hash } from 'node:crypto';
import type { Attributes } from './message.ts';

export const md5 = (text: string): string => hash('md5', text, 'hex');

const STRING = Uint8Array.of(1);
const BINARY = Uint8Array.of(2);

/** Undefined for no attributes: AWS then sends no digest. */
export function md5OfAttributes(attributes: Attributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const digest = createHash('md5');
  const withLength = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    digest.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name];
    if (!attribute) continue;
    withLength(Buffer.from(name));
    withLength(Buffer.from(attribute.DataType));
    if (attribute.BinaryValue !== undefined) {
      digest.update(BINARY);
      withLength(Buffer.from(attribute.BinaryValue, 'base64'));
    } else {
      digest.update(STRING);
      withLength(Buffer.from(attribute.StringValue ?? ''));
    }
  }
  return digest.digest('hex');
}
