// Which topics a subscription names. One topic is the field `topic`. Several topics, a beginning of names, or all topics are in
// one partition of the index `by-topic`, that of the topic `*`, so that `route` finds them with one more query.

/** The topic of subscriptions that do not name exactly one. Alone, it stands for every topic. */
export const ALL_TOPICS = '*';

/** Topics that one subscription may name. */
export const MOST_TOPICS = 100;

/** A text that names a topic, or the beginning of topics by one `*` at its end. */
export const TOPIC_PATTERN = /^[^*]*\*?$/;

/** Whether a topic is one of those named. Undefined names, as of an item that can't be read, stand for every topic. */
export const isOfTopics = (topic: string, named: readonly string[] | undefined): boolean =>
  named === undefined ||
  named.some((one) => (one.endsWith('*') ? topic.startsWith(one.slice(0, -1)) : topic === one));

/** Whether a topic names no single topic, but a beginning of several, such as `order.*`. `*` alone is its own case. */
export const isPrefix = (topic: string): boolean =>
  topic !== ALL_TOPICS && topic.endsWith('*') && TOPIC_PATTERN.test(topic);
