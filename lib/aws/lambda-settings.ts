// What a function needs to know for a signed call, as Lambda's runtime gives it in variables: credentials, region, endpoints.
// The clients of the AWS SDK find the same, but loading and making them takes a sixth of a cold start of `deliver`.
import type { AwsCredentialIdentity } from '@smithy/types';

export type LambdaSettings = {
  readonly credentials: AwsCredentialIdentity;
  readonly region: string;
  /** The endpoint of DynamoDB; undefined where only the SDK's rules say it. */
  readonly dynamodb: URL | undefined;
};

// Each of them changes what the SDK finds: its rules are asked then.
const FOR_THE_SDK = [
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_ACCOUNT_ID',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_CREDENTIAL_SCOPE',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_USE_FIPS_ENDPOINT',
];

/** The regions of the partition `aws`, all of whose endpoints end in amazonaws.com. */
const COMMON_REGION = /^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/;

/** Reads them from the environment. Returns undefined outside of Lambda, and where the SDK's rules must be asked. */
export function lambdaSettings(env: NodeJS.ProcessEnv): LambdaSettings | undefined {
  const {
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_REGION: region,
  } = env;
  if (!functionName || !accessKeyId || !secretAccessKey || !region) return undefined;
  if (FOR_THE_SDK.some((name) => env[name])) return undefined;
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    region,
    dynamodb: dynamodbIn(region, env.AWS_ENDPOINT_URL_DYNAMODB || env.AWS_ENDPOINT_URL),
  };
}

function dynamodbIn(region: string, configured: string | undefined): URL | undefined {
  if (configured) return new URL(configured);
  return COMMON_REGION.test(region) ? new URL(`https://dynamodb.${region}.amazonaws.com/`) : undefined;
}
