// The one table of a deployment's parameters. From it derive serverless.yml's `params`, the checks of a stage that is
// packaged, the functions' environment and its reading (config.ts), the sample environment, and the table in
// OPERATORS.md (`npm run parameters`). A new parameter is a new entry here, and whatever uses it.
import * as z from 'zod';
import { isCidr } from '#lib/callback/address.ts';
import {
  FUNCTION_NAMES,
  type FunctionName,
  flag,
  formedText,
  list,
  oneNumberOf,
  type Parameter,
  whole,
  word,
} from './parameter.ts';

/** CloudWatch Logs keeps lines for one of these periods. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const matches = (form: RegExp) => (one: string) => form.test(one);

const SECRET_PREFIX = /^[\w+=.@-]+(\/[\w+=.@-]+)*$/;

/** The functions that check whether an item may use the secrets that it names. */
const PARSE_ITEMS = ['deliver', 'bridge', 'resume', 'redrive'] as const;

export const PARAMETERS = {
  // 900 s is Lambda's longest timeout, 12 hours are SQS's longest visibility timeout.
  deliverTimeoutSeconds: whole(
    { from: 1, to: 900, unit: 's' },
    {
      default: 60,
      meaning: 'Timeout of `deliver`. At least 10 s longer than `largestReadTimeoutMs`',
    },
  ),
  largestReadTimeoutMs: whole(
    { from: 1, to: 900_000, unit: 'ms' },
    {
      default: 30_000,
      variable: 'LARGEST_READ_TIMEOUT_MS',
      functions: FUNCTION_NAMES,
      meaning: 'The largest `readTimeout` that an item may ask for',
    },
  ),
  deliveriesVisibilitySeconds: whole(
    { from: 1, to: 43_200, unit: 's' },
    {
      default: 360,
      meaning:
        'Visibility timeout of `deliveries.fifo` and `dead-letters`. At least six times the timeouts of `deliver` and `bridge`',
    },
  ),
  routeTimeoutSeconds: whole({ from: 1, to: 900, unit: 's' }, { default: 40, meaning: 'Timeout of `route`' }),
  messagesVisibilitySeconds: whole(
    { from: 1, to: 43_200, unit: 's' },
    {
      default: 240,
      meaning:
        "Visibility timeout of `messages`, `messages.fifo` and `retries`. Less than 300 s, SQS's deduplication window, so that a repeated fan-out is recognised",
    },
  ),
  bridgeTimeoutSeconds: whole(
    { from: 1, to: 900, unit: 's' },
    { default: 60, meaning: 'Timeout of `bridge`. At least 30 s' },
  ),
  // Two is the least that an event source mapping takes.
  deliverMaximumConcurrency: whole(
    { from: 2, to: 1_000 },
    { default: 200, meaning: 'The most invocations of `deliver` at once' },
  ),
  routeMaximumConcurrency: whole(
    { from: 2, to: 1_000 },
    { default: 50, meaning: 'The most invocations of `route` at once, for each of its queues' },
  ),
  bridgeMaximumConcurrency: whole(
    { from: 2, to: 1_000 },
    { default: 20, meaning: 'The most invocations of `bridge` at once' },
  ),
  drainBudget: whole(
    { from: 1, to: 1_000 },
    {
      default: 40,
      variable: 'DRAIN_BUDGET',
      functions: ['resume'],
      meaning:
        'The most drains (deliveries out of a backlog) that the sweep lets run at once. A tenant gets a quarter of them at most. The default is a fifth of `deliverMaximumConcurrency`, and all of it is the limit',
    },
  ),
  slowAfterSeconds: whole(
    { from: 1, to: 900, unit: 's' },
    {
      default: 3,
      variable: 'SLOW_AFTER_SECONDS',
      functions: ['deliver'],
      meaning:
        'A subscription is slow if the median or the mean of its last exchanges is at least this. Its messages go through the backlog',
    },
  ),
  slowDrainBudget: whole(
    { from: 1, to: 500 },
    {
      default: 40,
      variable: 'SLOW_DRAIN_BUDGET',
      functions: ['deliver', 'resume'],
      meaning:
        'The most drains of slow subscriptions that run at once. A tenant gets a quarter of them at most. The default is a fifth of `deliverMaximumConcurrency`. Together with `drainBudget` at most all of it',
    },
  ),
  lagSeconds: whole(
    { from: 1, to: 86_400, unit: 's' },
    {
      default: 20,
      variable: 'LAG_SECONDS',
      functions: ['deliver'],
      meaning:
        "If the first message of a lane is older than this, and messages arrive faster than they are delivered, the lane's messages go through the backlog",
    },
  ),
  // Under the two minutes after which a drain without a sign of life is started anew.
  drainSliceSeconds: whole(
    { from: 1, to: 60, unit: 's' },
    {
      default: 5,
      variable: 'DRAIN_SLICE_SECONDS',
      functions: ['deliver'],
      meaning: 'A drain starts no further request after this time. New messages of its lane wait for it',
    },
  ),
  outageFirstWaitSeconds: whole(
    { from: 1, to: 86_400, unit: 's' },
    {
      default: 2,
      variable: 'OUTAGE_FIRST_WAIT_SECONDS',
      functions: ['deliver'],
      meaning:
        'The wait before the first probe of an outage. It doubles with each failed probe; up to a fifth is subtracted at random',
    },
  ),
  outageLongestWaitSeconds: whole(
    { from: 1, to: 86_400, unit: 's' },
    {
      default: 900,
      variable: 'OUTAGE_LONGEST_WAIT_SECONDS',
      functions: ['deliver'],
      meaning: 'The longest wait between two probes. Less than `backlogRetentionDays`',
    },
  ),
  longestRetryAfterSeconds: whole(
    { from: 1, to: 604_800, unit: 's' },
    {
      default: 21_600,
      variable: 'LONGEST_RETRY_AFTER_SECONDS',
      functions: ['deliver'],
      meaning:
        "A callback's `Retry-After` is obeyed up to this (six hours). Less than `backlogRetentionDays`",
    },
  ),
  mostRetryHops: whole(
    { from: 1, to: 1_000 },
    {
      default: 100,
      variable: 'MOST_RETRY_HOPS',
      functions: ['deliver'],
      meaning:
        'How often an unordered message may pass through the queue `retries`. After that, its subscription stops',
    },
  ),
  mostRedriveRounds: whole(
    { from: 1, to: 1_000 },
    {
      default: 10,
      variable: 'MOST_REDRIVE_ROUNDS',
      functions: ['redrive'],
      meaning: 'How often a dead letter may be replayed. After that, redrive skips it, as `rounds`',
    },
  ),
  // At 1 every batch would hold one message.
  aloneAtReceives: whole(
    { from: 2, to: 100 },
    {
      default: 3,
      variable: 'ALONE_AT_RECEIVES',
      functions: ['deliver'],
      meaning: 'A message that was received this often is worked on alone',
    },
  ),
  crashingAtStarts: whole(
    { from: 1, to: 100 },
    {
      default: 3,
      variable: 'CRASHING_AT_STARTS',
      functions: ['deliver'],
      meaning:
        'A message that ended the function this often, while it was worked on alone, is a poison message (`crashing`)',
    },
  ),
  faultFirstWaitSeconds: whole(
    { from: 1, to: 3_600, unit: 's' },
    {
      default: 5,
      variable: 'FAULT_FIRST_WAIT_SECONDS',
      functions: ['route', 'deliver', 'bridge'],
      meaning: 'How long a message waits after a fault of AWS. The wait doubles with each further fault',
    },
  ),
  faultLongestWaitSeconds: whole(
    { from: 1, to: 3_600, unit: 's' },
    {
      default: 60,
      variable: 'FAULT_LONGEST_WAIT_SECONDS',
      functions: ['route', 'deliver', 'bridge'],
      meaning: 'The longest of these waits',
    },
  ),
  // An OAuth2 token is an answer too, and ten answers have to fit into the memory at once.
  responseCapBytes: whole(
    { from: 16_384, to: 4_194_304, unit: 'bytes' },
    {
      default: 65_536,
      variable: 'RESPONSE_CAP_BYTES',
      functions: FUNCTION_NAMES,
      meaning: 'How much of an answer is read, of a callback or of a token endpoint',
    },
  ),
  // A claim holds it, and each KiB of a claim costs a write unit.
  excerptBytes: whole(
    { from: 0, to: 16_384, unit: 'bytes' },
    {
      default: 1_024,
      variable: 'EXCERPT_BYTES',
      functions: ['deliver'],
      meaning: 'How much of an answer is kept with a dead letter or a claim. `0` keeps nothing',
    },
  ),
  tenantLoggingBytes: whole(
    { from: 0, to: 1_073_741_824, unit: 'bytes' },
    {
      default: 262_144,
      variable: 'TENANT_LOGGING_BYTES',
      functions: ['deliver'],
      meaning:
        'How many bytes of headers and bodies each environment of `deliver` logs for one tenant in a minute, where items have `logging`. Further attempts are logged without them. `0` logs none',
    },
  ),
  secretCacheSeconds: whole(
    { from: 1, to: 86_400, unit: 's' },
    {
      default: 300,
      variable: 'SECRET_CACHE_SECONDS',
      functions: ['deliver', 'bridge', 'redrive'],
      meaning: 'How long the functions cache a secret',
    },
  ),
  configCacheSeconds: whole(
    { from: 1, to: 3_600, unit: 's' },
    {
      default: 5,
      variable: 'CONFIG_CACHE_SECONDS',
      functions: ['route', 'deliver', 'bridge'],
      meaning:
        'How long `route` caches the subscriptions of a topic, and `bridge` an endpoint. `deliver` waits for this time, and 5 s more, before it moves messages to other lanes',
    },
  ),
  retentionSeconds: whole(
    { from: 60, to: 1_209_600, unit: 's' },
    { default: 1_209_600, meaning: "How long SQS keeps a message (14 days, SQS's longest)" },
  ),
  backlogRetentionDays: whole(
    { from: 1, to: 3_650, unit: 'days' },
    {
      default: 21,
      variable: 'BACKLOG_RETENTION_DAYS',
      functions: ['resume'],
      meaning: 'How long waiting and held messages are kept. Less than `claimsLiveDays`',
    },
  ),
  claimsLiveDays: whole(
    { from: 1, to: 3_651, unit: 'days' },
    {
      default: 28,
      variable: 'CLAIMS_LIVE_DAYS',
      functions: ['deliver'],
      meaning:
        'How long at-most-once remembers a message that it has sent. The same message is sent again if it arrives later',
    },
  ),
  // The sweep looks every ten minutes.
  unsubscribedAfterMinutes: whole(
    { from: 10, to: 43_200, unit: 'minutes' },
    {
      default: 60,
      variable: 'UNSUBSCRIBED_AFTER_MINUTES',
      functions: ['resume'],
      meaning:
        'How long messages wait for a deleted subscription to be put again. After that they go to `undeliverable`',
    },
  ),
  bridgeRetentionDays: whole(
    { from: 1, to: 3_650, unit: 'days' },
    {
      default: 14,
      variable: 'BRIDGE_RETENTION_DAYS',
      functions: ['bridge'],
      meaning: 'How long a dead letter waits for an endpoint that does not work',
    },
  ),
  allowHttp: flag({
    default: 'false',
    stages: { local: 'true' },
    variable: 'ALLOW_HTTP',
    functions: FUNCTION_NAMES,
    meaning: '`true` allows plain http callbacks',
  }),
  allowedCidrs: list(
    {
      isOne: isCidr,
      such: 'CIDRs with commas between, without bits behind the prefix, such as 10.20.0.0/16,fd12:3456::/32',
    },
    {
      default: '',
      variable: 'ALLOWED_CIDRS',
      functions: FUNCTION_NAMES,
      meaning:
        'Private address ranges that callbacks may be in. Never loopback or link-local; a whole private range only with `allowWholePrivateRanges`',
    },
  ),
  brokerCidrs: list(
    {
      isOne: isCidr,
      such: 'CIDRs with commas between, without bits behind the prefix, such as 10.20.0.0/16,fd12:3456::/32',
    },
    {
      default: '',
      variable: 'BROKER_CIDRS',
      functions: PARSE_ITEMS,
      meaning:
        'Private address ranges that Kafka brokers may be in, those of Amazon MSK too. Never loopback or link-local; a whole private range only with `allowWholePrivateRanges`',
    },
  ),
  allowPlaintextSasl: flag({
    default: 'false',
    stages: { local: 'true' },
    variable: 'ALLOW_PLAINTEXT_SASL',
    functions: PARSE_ITEMS,
    meaning: '`true` lets Kafka endpoints send a password without TLS (`SASL_PLAINTEXT` with `PLAIN`)',
  }),
  allowTrustAll: flag({
    default: 'false',
    variable: 'ALLOW_TRUST_ALL',
    functions: FUNCTION_NAMES,
    meaning: '`true` lets subscriptions turn off certificate verification (`ssl.trustAll`)',
  }),
  allowAnyHostname: flag({
    default: 'false',
    variable: 'ALLOW_ANY_HOSTNAME',
    functions: FUNCTION_NAMES,
    meaning:
      '`true` lets subscriptions and Kafka endpoints accept a certificate of a public authority for any host (`ssl.hostnameVerifier: false`, without a `trustStore` or with public authorities in it)',
  }),
  allowWholePrivateRanges: flag({
    default: 'false',
    meaning:
      '`true` lets `allowedCidrs` and `brokerCidrs` hold a whole private range, such as 10.0.0.0/8, and with it every machine of the network',
  }),
  secretsPrefix: formedText(
    {
      form: SECRET_PREFIX,
      such: 'the beginning of names of secrets, without a slash at either end or two together',
    },
    {
      default: 'webhooks/<stage>',
      variable: 'SECRETS_PREFIX',
      functions: PARSE_ITEMS,
      meaning:
        'The names of all secrets of the stage begin with this and a slash. An item may use its own secrets below it, and those of its tenant',
    },
  ),
  sharedSecretPrefixes: list(
    {
      isOne: matches(SECRET_PREFIX),
      such: 'beginnings of names of secrets, without a slash at either end or two together, with commas between',
    },
    {
      default: '',
      variable: 'SHARED_SECRET_PREFIXES',
      functions: PARSE_ITEMS,
      meaning:
        'Every item may use the secrets of these names, and those whose names begin with one of them and a slash. Not `secretsPrefix`, and no name above it, because this would open the secrets of every subscription. Do not name what belongs to another stage',
    },
  ),
  sqsEndpointArns: list(
    {
      isOne: matches(/^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?$/),
      such: 'ARNs of queues, with commas between',
    },
    {
      default: '',
      meaning:
        'The queues that `sqs` endpoints name. `bridge` may send to them, and `redrive` may read them. Some 130 ARNs of 60 characters fit into the policy of a role',
    },
  ),
  bridgeMskCluster: formedText(
    { form: /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, such: "an MSK cluster's name, without its ARN" },
    {
      default: 'webhooks-<stage>',
      meaning: 'The MSK cluster of `kafka` endpoints that use `AWS_MSK_IAM`',
    },
  ),
  vpcSubnetIds: list(
    {
      isOne: matches(/^subnet-[0-9a-f]+$/),
      such: 'ids such as subnet-0a1b2c3d, with commas between',
    },
    {
      default: '',
      meaning:
        "`deliver`, `bridge` and `redrive` run in these subnets, for private callbacks and brokers. The subnets need a way to AWS's services: a NAT gateway or VPC endpoints",
    },
  ),
  vpcSecurityGroupIds: list(
    { isOne: matches(/^sg-[0-9a-f]+$/), such: 'ids such as sg-0a1b2c3d, with commas between' },
    { default: '', meaning: 'The security groups of these functions. Give both parameters or neither' },
  ),
  kmsKeyArn: formedText(
    { form: /^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+)?$/, such: "a key's ARN" },
    {
      default: '',
      meaning:
        "Your own KMS key for queues and tables. The functions may use it. The key's policy must allow the publishers, EventBridge and SNS",
    },
  ),
  keepData: flag({
    default: 'false',
    stages: { prod: 'true' },
    meaning:
      '`true` keeps queues and tables when the stack is removed, and gives the tables point-in-time recovery and deletion protection',
  }),
  alarmTopicArn: formedText(
    { form: /^(arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+)?$/, such: "a topic's ARN" },
    {
      default: '',
      meaning: 'The SNS topic that is notified when an alarm starts or ends',
    },
  ),
  tags: list(
    {
      isOne: matches(/^[^=,]{1,128}=[^=,]{0,256}$/),
      such: 'name=value, with commas between',
    },
    {
      default: '',
      meaning:
        'Tags on every resource of the stack, beside `service` and `stage`: `team=payments,cost-centre=42`',
    },
  ),
  eventBus: formedText(
    {
      form: /^[\w.-]{1,256}$/,
      such: "an event bus's name, such as default, and not its ARN",
      allowed: "an event bus's name, not its ARN",
    },
    {
      default: 'default',
      variable: 'EVENT_BUS',
      functions: ['deliver', 'resume'],
      meaning: 'The EventBridge bus for the events of subscriptions: paused, resumed, dead-lettering',
    },
  ),
  logLevel: word(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'SILENT'], {
    default: 'INFO',
    variable: 'LOG_LEVEL',
    functions: FUNCTION_NAMES,
    meaning: 'The level of the log lines',
  }),
  logRetentionDays: oneNumberOf(
    { values: LOG_RETENTION_DAYS, unit: 'days', because: 'CloudWatch knows no other' },
    { default: 30, meaning: 'How long CloudWatch keeps the log lines' },
  ),
  // 10,240 MB are Lambda's maximum. Ten answers, or a thousand dead letters, have to fit into the least.
  memoryMb: whole(
    { from: 256, to: 10_240, unit: 'MB' },
    {
      default: 512,
      meaning: 'Memory of each function except `redrive`. The share of a CPU grows with it',
    },
  ),
  redriveMemoryMb: whole(
    { from: 256, to: 10_240, unit: 'MB' },
    { default: 1_024, meaning: 'Memory of `redrive`' },
  ),
};

type Table = typeof PARAMETERS;
export type ParameterName = keyof Table;

/** Every parameter as the value that it is: what a stage is packaged with. */
export type ParameterValues = { readonly [N in ParameterName]: z.infer<ReturnType<Table[N]['given']>> };

/** The variable of the parameter in the function's environment; never, where the function does not get it. */
type VariableIn<P, F extends FunctionName> = P extends { readonly variable: infer V extends string }
  ? P extends { readonly functions: readonly (infer G)[] }
    ? F extends G
      ? V
      : never
    : never
  : never;

/** The schemas by which a function reads its parameters, by variable. */
type VariablesOf<F extends FunctionName> = {
  [N in ParameterName as VariableIn<Table[N], F>]: ReturnType<Table[N]['set']>;
};

/** The table as a list. */
export const parameterList = (): ({ readonly name: ParameterName } & Parameter)[] =>
  Object.entries<Parameter>(PARAMETERS).map(([name, parameter]) => ({
    name: name as ParameterName,
    ...parameter,
  }));

/** The parameters that the function gets as environment variables. */
export const parametersFor = (functionName: FunctionName) =>
  parameterList().flatMap(({ name, variable, functions, ...parameter }) =>
    variable !== undefined && functions?.includes(functionName) ? [{ name, variable, ...parameter }] : [],
  );

/** The shape of an environment schema: each variable that the function gets, with how it is read. */
export const parameterVariables = <F extends FunctionName>(functionName: F): VariablesOf<F> =>
  Object.fromEntries(
    parametersFor(functionName).map(({ variable, set }) => [variable, set()]),
  ) as VariablesOf<F>;

/** How the values are read that a stage is packaged with. */
export const parametersSchema = (): z.ZodType<ParameterValues> =>
  z.strictObject(
    Object.fromEntries(parameterList().map(({ name, given }) => [name, given()])) as {
      [N in ParameterName]: ReturnType<Table[N]['given']>;
    },
  );
