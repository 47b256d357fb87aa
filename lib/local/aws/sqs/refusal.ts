// Errors of SQS: each code with its two names on the wire and its HTTP status.

// code -> [shape in the JSON protocol, name in the old query protocol (what SDKs and the CLI show), HTTP status]
const CODES = {
  BatchEntryIdsNotDistinct: [
    'BatchEntryIdsNotDistinct',
    'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
    400,
  ],
  BatchRequestTooLong: ['BatchRequestTooLong', 'AWS.SimpleQueueService.BatchRequestTooLong', 400],
  EmptyBatchRequest: ['EmptyBatchRequest', 'AWS.SimpleQueueService.EmptyBatchRequest', 400],
  InternalError: ['InternalFailure', 'InternalError', 500],
  InvalidAction: ['UnknownOperationException', 'InvalidAction', 400],
  InvalidAttributeName: ['InvalidAttributeName', 'InvalidAttributeName', 400],
  InvalidAttributeValue: ['InvalidAttributeValue', 'InvalidAttributeValue', 400],
  InvalidBatchEntryId: ['InvalidBatchEntryId', 'AWS.SimpleQueueService.InvalidBatchEntryId', 400],
  InvalidMessageContents: ['InvalidMessageContents', 'InvalidMessageContents', 400],
  InvalidParameterValue: ['InvalidParameterValueException', 'InvalidParameterValue', 400],
  MessageNotInflight: ['MessageNotInflight', 'AWS.SimpleQueueService.MessageNotInflight', 400],
  MissingParameter: ['MissingRequiredParameterException', 'MissingParameter', 400],
  OverLimit: ['OverLimit', 'OverLimit', 403],
  PurgeQueueInProgress: ['PurgeQueueInProgress', 'AWS.SimpleQueueService.PurgeQueueInProgress', 403],
  QueueDeletedRecently: ['QueueDeletedRecently', 'AWS.SimpleQueueService.QueueDeletedRecently', 400],
  QueueDoesNotExist: ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue', 400],
  QueueNameExists: ['QueueNameExists', 'QueueAlreadyExists', 400],
  ReceiptHandleIsInvalid: ['ReceiptHandleIsInvalid', 'ReceiptHandleIsInvalid', 404],
  RequestThrottled: ['RequestThrottled', 'RequestThrottled', 403],
  ResourceNotFound: ['ResourceNotFoundException', 'ResourceNotFoundException', 404],
  SerializationException: ['SerializationException', 'MalformedInput', 400],
  TooManyEntriesInBatchRequest: [
    'TooManyEntriesInBatchRequest',
    'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
    400,
  ],
  UnsupportedOperation: ['UnsupportedOperation', 'AWS.SimpleQueueService.UnsupportedOperation', 400],
} as const;

export type RefusalCode = keyof typeof CODES;

/** Thrown by an operation; turned into the error answer, or into an entry of a batch's `Failed`. */
export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}

export const wireOf = (code: RefusalCode): { shape: string; query: string; status: number } => {
  const [shape, query, status] = CODES[code];
  return { shape, query, status };
};

/** A value that a parameter may not have, in the form of words that AWS uses for it. */
export const invalidValue = (parameter: string, value: unknown, reason: string): Refusal =>
  new Refusal(
    'InvalidParameterValue',
    `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );

/** What SQS of AWS has and this one has not: a call that needs it must not seem to work. */
export const notServed = (what: string): Refusal =>
  new Refusal('UnsupportedOperation', `The local set does not serve ${what}.`);

export const missing = (parameter: string): Refusal =>
  new Refusal('MissingParameter', `The request must contain the parameter ${parameter}.`);

/** Refuses a whole number of seconds, messages or bytes outside its bounds. */
export function checkRange(
  parameter: string,
  value: number | undefined,
  [least, most]: readonly [number, number],
): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw invalidValue(parameter, value, `Must be between ${least} and ${most}, if provided.`);
}
