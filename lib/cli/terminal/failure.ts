// Error messages of commands: sentences that say what was wrong, where, and what to do.
import { sdkRegionFault } from '#lib/deployment/stage-and-region.ts';
import { CommandFailed } from './command-failed.ts';
import type { Place } from './place.ts';

type Explain = (error: Error, place: Place) => string;

const CREDENTIALS =
  'give --profile NAME, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for npm start give --stage local';

const expired: Explain = (_, { profile }) =>
  `The AWS credentials have expired: log in again (aws sso login${profile === undefined ? '' : ` --profile ${profile}`}), or renew them.`;
const unknownCredentials: Explain = ({ name }, place) =>
  `AWS does not know these credentials (${name}; ${inWords(place)}): check --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`;
const denied: Explain = ({ message }, place) =>
  `The AWS credentials may not do this (${inWords(place)}): ${message} Use a profile that has the permission (--profile), or get the permission.`;
const notThere: Explain = ({ message }, place) =>
  `A resource of the deployment does not exist (${inWords(place)}): ${message} Check --stage and --region; npm run deploy -- --stage ${place.stage} creates missing resources.`;
const throttled: Explain = ({ name }) => `AWS throttled the request (${name}): try again later.`;
const unreachable: Explain = (error, { endpointUrl, region }) => {
  if (endpointUrl === undefined)
    return `AWS can't be reached (${codeOf(error)}): check the network, and the region ${region ?? ''}.`;
  return `Nothing answers on ${endpointUrl} (${codeOf(error)}): is npm start running? Else check --endpoint-url and AWS_ENDPOINT_URL.`;
};

const beingDeleted: Explain = ({ message }) =>
  `Secrets Manager refused: ${message} To restore a secret that is being deleted: aws secretsmanager restore-secret --secret-id NAME`;

/** By the error's name or code, never by its text. */
const EXPLAINED: ReadonlyMap<string, Explain> = new Map([
  ...each(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired'], expired),
  ...each(
    [
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'InvalidSignatureException',
      'SignatureDoesNotMatch',
      'IncompleteSignature',
      'InvalidAccessKeyId',
    ],
    unknownCredentials,
  ),
  ...each(['AccessDenied', 'AccessDeniedException', 'AuthorizationError', 'NotAuthorized'], denied),
  ...each(
    ['ResourceNotFoundException', 'QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'],
    notThere,
  ),
  ...each(
    [
      'ThrottlingException',
      'Throttling',
      'RequestThrottled',
      'TooManyRequestsException',
      'ProvisionedThroughputExceededException',
      'RequestLimitExceeded',
    ],
    throttled,
  ),
  ...each(
    ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'TimeoutError'],
    unreachable,
  ),
  ...each(['InvalidRequestException'], beingDeleted),
  ...each(
    ['CredentialsProviderError', 'TokenProviderError'],
    ({ message }) => `There are no usable AWS credentials (${message}): ${CREDENTIALS}.`,
  ),
]);

function each(names: readonly string[], explain: Explain): [string, Explain][] {
  return names.map((name) => [name, explain]);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** The message for any error. An unexpected error is a bug and is shown with its stack. */
export function explain(error: unknown, place: Place | undefined): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CommandFailed || place === undefined) return error.message;
  const ofRegion = sdkRegionFault(error);
  if (ofRegion !== undefined) return ofRegion;
  const known = EXPLAINED.get(codeOf(error)) ?? EXPLAINED.get(error.name);
  if (known !== undefined) return known(error, place);
  if ('$metadata' in error) return `AWS refused (${inWords(place)}): ${error.name}: ${error.message}`;
  return `This is a bug in sqs-webhooks: ${error.stack ?? error.message}`;
}

/** Describes the place: stage, region or endpoint, profile. */
const inWords = ({ stage, region, endpointUrl, profile }: Place): string =>
  [
    `stage ${stage}`,
    ...(endpointUrl === undefined ? [`region ${region ?? 'of the profile'}`] : [endpointUrl]),
    ...(profile === undefined ? [] : [`profile ${profile}`]),
  ].join(', ');
