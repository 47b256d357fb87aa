// The fields at the top of a subscription's item: names and quality of service. option-fields.ts has the options.
import * as z from 'zod';
import { field, text, titled, wholeNumber } from '#lib/item/field.ts';
import { tenant } from '#lib/item/tenant-field.ts';
import { filter } from './filter-schema.ts';
import { rateLimit } from './rate-limit.ts';
import { ORDERS, QOS, type Qos } from './subscription.ts';
import { MOST_TOPICS, TOPIC_PATTERN } from './topics.ts';

export const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

// The seed writes At-Least-Once, Gravitee's API AT_LEAST_ONCE, its JSON at-least-once.
const ANY_SPELLING =
  /^([Nn][Oo][Nn][Ee]|[Aa][Uu][Tt][Oo]|[Aa][Tt][-_ ]?([Mm][Oo][Ss][Tt]|[Ll][Ee][Aa][Ss][Tt])[-_ ]?[Oo][Nn][Cc][Ee])$/;
const letters = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, '');
const qosOf = (word: string): Qos => QOS.find((each) => letters(each) === letters(word)) ?? 'auto';

const qos = field(() =>
  titled(
    z.union([z.enum(QOS), z.string().regex(ANY_SPELLING, NOT_A_QOS)], NOT_A_QOS).transform(qosOf),
    'Quality of service',
    'What is promised: none (one attempt), auto (0 or n), at-most-once (0 or 1, in order), at-least-once (1 or n, in order). In any case, with hyphens, underscores or spaces.',
    { default: 'auto' },
  ),
);

const order = field(() =>
  titled(
    z.enum(ORDERS),
    'Order',
    'What is kept in order under at-most-once and at-least-once: all messages of the subscription, one request at a time; or the messages of each key, with up to maxConcurrentConnections requests at a time.',
    { default: 'subscription' },
  ),
);

const entrypoint = (title: string) =>
  field(() =>
    titled(z.enum(['webhook', 'webhook-advanced']), title, 'Either word; both mean what is described here.', {
      default: 'webhook',
    }),
  );

const NOT_A_QOS = { error: `must be one of ${QOS.join(', ')}` };

const NOT_A_DATE = {
  error: 'must be a date and time such as 2027-01-31T08:00:00Z, or milliseconds since 1970',
};

const date = (title: string) =>
  field(() =>
    titled(
      z.union(
        [z.iso.datetime({ ...NOT_A_DATE, offset: true }), wholeNumber(0, 8_640_000_000_000_000)],
        NOT_A_DATE,
      ),
      title,
      'A date and time, or milliseconds since 1970.',
    ),
  );

const topicPattern = () =>
  text(256).regex(TOPIC_PATTERN, 'may have one * at its end, and no other: remove the others');

/** The fields at the top of the item. */
export const TOP_FIELDS = {
  id: field(() =>
    titled(
      text(128).regex(VISIBLE_ASCII, 'must be visible ASCII characters, without spaces'),
      'Id',
      'The name of the subscription: 1 to 128 visible ASCII characters.',
    ),
  ),
  topic: field(() =>
    titled(
      topicPattern(),
      'Topic',
      'The topic whose messages it gets; * stands for all topics, or for those that topics names. Without one it gets those that are addressed to it by its id.',
    ),
  ),
  topics: field(() =>
    titled(
      z.array(topicPattern()).min(1).max(MOST_TOPICS),
      'Topics',
      'The topics whose messages it gets, when there are several. A * at the end stands for any end. The field topic is * then.',
    ),
  ),
  filter,
  tenant,
  qos,
  order,
  rateLimit,
  type: entrypoint('Type'),
  entrypointId: entrypoint('Entrypoint'),
  dlq: field(() =>
    titled(
      z.strictObject({
        endpoint: titled(
          text(128).regex(VISIBLE_ASCII, 'must be visible ASCII characters, without spaces'),
          'Endpoint',
          'The name of an endpoint item.',
        ),
      }),
      'Dead letter queue',
      'Where rejected messages go. Without one, a rejected message pauses the subscription.',
    ),
  ),
  channel: field(() => titled(text(1_024), 'Channel', 'The channel of the API, in Gravitee.')),
  metadata: field(() =>
    titled(
      z.record(z.string(), z.string()),
      'Metadata',
      'Notes of your own about the subscription, as texts. Nothing acts on them.',
      { default: {} },
    ),
  ),
  startingAt: date('Starting at'),
  endingAt: date('Ending at'),
};
