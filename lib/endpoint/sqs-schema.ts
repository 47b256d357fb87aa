// The schema of an SQS endpoint's configuration: any queue, by URL or ARN.
import * as z from 'zod';
import { exactlyOneOf, field, oneOf, text, titled } from '#lib/item/field.ts';
import type { SqsEndpoint } from './endpoint.ts';

const QUEUE_NAME = String.raw`[A-Za-z0-9_-]{1,80}(\.fifo)?`;
const QUEUE_URL = new RegExp(String.raw`^https?:\/\/[^\s\/@]+\/[0-9]{12}\/${QUEUE_NAME}$`);
const QUEUE_ARN = new RegExp(`^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:${QUEUE_NAME}$`);

export const sqsConfiguration = field(() =>
  titled(
    z
      .strictObject({
        queueUrl: titled(
          text(1_024).regex(QUEUE_URL, 'must be the URL of an SQS queue').optional(),
          'Queue URL',
          'The URL of the queue, such as https://sqs.eu-west-1.amazonaws.com/123456789012/rejected. Or give queueArn.',
        ),
        queueArn: titled(
          text(1_024).regex(QUEUE_ARN, 'must be the ARN of an SQS queue').optional(),
          'Queue ARN',
          'The ARN of the queue, such as arn:aws:sqs:eu-west-1:123456789012:rejected. Or give queueUrl.',
        ),
      })
      .check(exactlyOneOf('queueUrl', 'queueArn'))
      .transform(({ queueUrl, queueArn = '' }): SqsEndpoint['configuration'] =>
        queueUrl === undefined ? { queueArn } : { queueUrl },
      ),
    'Configuration',
    'The queue.',
    oneOf('queueUrl', 'queueArn'),
  ),
);
