// Recognises a message of Amazon's extended clients of SQS and SNS, which put a large payload into S3 and publish a pointer to it.
import type { SQSMessageAttributes } from 'aws-lambda';
import { withoutMark } from '#lib/item/json.ts';
import type { MessageShape } from './shapes.ts';

/** Why such a message is not routed, and what to publish instead. */
export const POINTER =
  "the body is a pointer of Amazon's extended client to an object in S3, which a customer must not get and this product does not read: publish the payload itself, or a message of your own with a reference to it";

// What the clients write, by their versions.
const ATTRIBUTES = ['ExtendedPayloadSize', 'SQSLargePayloadSize'];
const BODY =
  /^\s*\[\s*"(?:software\.amazon\.payloadoffloading\.PayloadS3Pointer|com\.amazon\.sqs\.javamessaging\.MessageS3Pointer)"\s*,/;

/** The beginning of a body, decoded: a pointer is shorter. */
const plainStart = (body: string, encoding: string | undefined): string =>
  encoding === 'base64' ? Buffer.from(body.slice(0, 1_024), 'base64').toString() : body;

/** Whether the payload is a pointer, or the message's attributes, its own or those within its shape, are those of one. */
export const isPayloadPointer = (
  { body, encoding }: { readonly body: string; readonly encoding: string | undefined },
  attributes: SQSMessageAttributes,
  shape: MessageShape | undefined,
): boolean =>
  BODY.test(withoutMark(plainStart(body, encoding))) ||
  ATTRIBUTES.some((name) => attributes[name] !== undefined || shape?.texts[name] !== undefined);
