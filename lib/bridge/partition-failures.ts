// One send writes records to several partitions, and the Kafka client gives one error for all of them. This file finds in
// the error which partitions refused their records.
import { failureOf, type KafkaFailure } from '#lib/kafka/failure.ts';

type PartitionFailure = { readonly partition: number; readonly failure: KafkaFailure };

const PATH = /^\/responses\/(\d+)\/partition_responses\/(\d+)$/;

/**
 * Returns the partitions whose brokers answered with an error; all others have stored their records. Returns undefined
 * when a broker did not answer, because then it is not known which records are stored.
 */
export function partitionFailures(error: unknown): readonly PartitionFailure[] | undefined {
  const responses = responseErrorsIn(error);
  if (responses === undefined || responses.length === 0) return undefined;
  return responses.flatMap(({ errors, response }) =>
    errors.flatMap((one) => {
      const [, topic, at] = PATH.exec(one.path ?? '') ?? [];
      const partition = response.responses[Number(topic)]?.partitionResponses[Number(at)]?.index;
      return partition === undefined ? [] : [{ partition, failure: failureOf(one) }];
    }),
  );
}

type ResponseError = {
  readonly errors: readonly { readonly path?: string }[];
  readonly response: {
    readonly responses: readonly { readonly partitionResponses: readonly { readonly index: number }[] }[];
  };
};

/** Returns each broker's error; undefined when one of them is of another kind. */
function responseErrorsIn(error: unknown): readonly ResponseError[] | undefined {
  if (isResponseError(error)) return [error];
  if (!(error instanceof AggregateError)) return undefined;
  const found: ResponseError[] = [];
  for (const one of error.errors) {
    // A broker that took all its records has no error.
    if (one === undefined || one === null) continue;
    const inner = responseErrorsIn(one);
    if (inner === undefined) return undefined;
    found.push(...inner);
  }
  return found;
}

const isResponseError = (error: unknown): error is ResponseError =>
  error instanceof AggregateError &&
  'code' in error &&
  error.code === 'PLT_KFK_RESPONSE' &&
  'response' in error &&
  typeof error.response === 'object' &&
  error.response !== null &&
  'responses' in error.response &&
  Array.isArray(error.response.responses);
