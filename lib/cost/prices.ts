// AWS's list prices in USD, without free tiers. They are for estimates: AWS may have changed them since.

export const PRICES = {
  region: 'us-east-1',
  /** Of the price list that was read. */
  date: '2026-09',
  /** For a million. */
  sqsRequest: 0.4,
  sqsFifoRequest: 0.5,
  lambdaInvocation: 0.2,
  /** On arm64. */
  lambdaGbSecond: 13.3334,
  dynamodbRead: 0.125,
  dynamodbWrite: 0.625,
  /** For a GB, which is a million KB. */
  logs: 0.5,
  traffic: 0.09,
} as const;

/** SQS counts each begun 64 KB of a call as one request. */
export const SQS_REQUEST_BYTES = 65_536;
