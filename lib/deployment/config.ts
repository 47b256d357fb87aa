// A function's environment, read once when the function starts. A missing or wrong value stops the function there, with
// the variable's name and the right form. What comes from a parameter is in parameters.ts; here are the names and URLs
// of the stage's tables and queues.
import * as z from 'zod';
import type { FaultWaits } from '#lib/queue/hand-back.ts';
import { FUNCTION_NAMES, type FunctionName } from './parameter.ts';
import { parameterVariables } from './parameters.ts';

const name = z.string().min(1);
const url = z.string().regex(/^https?:\/\//, 'must be a queue URL');

type Resource = {
  readonly schema: z.ZodType<string>;
  readonly functions: readonly FunctionName[];
  /** The description of the variable in OPERATORS.md. */
  readonly meaning: string;
};

/** The variables that serverless.yml sets beside those of the parameters. */
export const RESOURCES = {
  STAGE: {
    schema: name,
    functions: FUNCTION_NAMES,
    meaning: 'The name of the stage. `local` and `local-…` are stages of an emulated AWS',
  },
  SUBSCRIPTIONS_TABLE: { schema: name, functions: FUNCTION_NAMES, meaning: 'Table of the subscriptions' },
  ENDPOINTS_TABLE: {
    schema: name,
    functions: ['deliver', 'bridge', 'resume', 'redrive'],
    meaning: 'Table of the endpoints',
  },
  STATE_TABLE: {
    schema: name,
    functions: FUNCTION_NAMES,
    meaning: 'Table of pauses, backlog, claims and held messages',
  },
  MESSAGES_QUEUE_URL: { schema: url, functions: ['route', 'redrive'], meaning: 'URL of `messages`' },
  MESSAGES_FIFO_QUEUE_URL: {
    schema: url,
    functions: ['route', 'redrive'],
    meaning: 'URL of `messages.fifo`',
  },
  RETRIES_QUEUE_URL: { schema: url, functions: ['route', 'deliver', 'resume'], meaning: 'URL of `retries`' },
  DELIVERIES_QUEUE_URL: { schema: url, functions: FUNCTION_NAMES, meaning: 'URL of `deliveries.fifo`' },
  DEAD_LETTERS_QUEUE_URL: {
    schema: url,
    functions: ['deliver', 'bridge'],
    meaning: 'URL of `dead-letters`',
  },
  UNDELIVERABLE_QUEUE_URL: { schema: url, functions: FUNCTION_NAMES, meaning: 'URL of `undeliverable`' },
} as const satisfies Readonly<Record<string, Resource>>;

type ResourcesOf<F extends FunctionName> = {
  [N in keyof typeof RESOURCES as (typeof RESOURCES)[N]['functions'] extends readonly (infer G)[]
    ? F extends G
      ? N
      : never
    : never]: z.ZodType<string>;
};

const resourceVariables = <F extends FunctionName>(functionName: F): ResourcesOf<F> =>
  Object.fromEntries(
    Object.entries<Resource>(RESOURCES).flatMap(([variable, { schema, functions }]) =>
      functions.includes(functionName) ? [[variable, schema]] : [],
    ),
  ) as ResourcesOf<F>;

const environmentOf = <F extends FunctionName>(functionName: F) =>
  z.object({
    ...resourceVariables(functionName),
    ...parameterVariables(functionName),
    /** Set by Lambda's emulators and local runs; its absence means AWS itself. */
    AWS_ENDPOINT_URL: z.string().optional(),
  });

// Marked as pure, so that a function's bundle holds its own schema alone: making the others costs milliseconds of a cold start.
export const routeEnvironment = /* @__PURE__ */ environmentOf('route');
export const deliverEnvironment = /* @__PURE__ */ environmentOf('deliver');
export const bridgeEnvironment = /* @__PURE__ */ environmentOf('bridge');
export const resumeEnvironment = /* @__PURE__ */ environmentOf('resume');
export const redriveEnvironment = /* @__PURE__ */ environmentOf('redrive');

export type DeliverEnvironment = z.infer<typeof deliverEnvironment>;
type BridgeEnvironment = z.infer<typeof bridgeEnvironment>;
type ResumeEnvironment = z.infer<typeof resumeEnvironment>;
type RedriveEnvironment = z.infer<typeof redriveEnvironment>;

/** The variables that both `deliver` and `resume` read. */
export type BacklogEnvironment = Pick<DeliverEnvironment, keyof DeliverEnvironment & keyof ResumeEnvironment>;

/** The variables that every function reads which parses config items. `route` parses none. */
export type RulesEnvironment = Pick<
  BacklogEnvironment,
  keyof BacklogEnvironment & keyof BridgeEnvironment & keyof RedriveEnvironment
>;

/** Reads the environment by one of the schemas above. Throws with every fault at once. */
export function readConfig<T>(schema: z.ZodType<T>, environment: NodeJS.ProcessEnv): T {
  // Otherwise Zod would write and compile a program for the schema, for one use: 2 to 4 ms of a cold start.
  const parsed = schema.safeParse(environment, { jitless: true });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => {
    const variable = path.join('.');
    const value = environment[variable];
    return value === undefined
      ? `${variable}: is not set`
      : `${variable}: ${message}; it is ${JSON.stringify(value)}`;
  });
  throw new Error(`The function's environment is not right. ${faults.join('. ')}`);
}

/** The waits of a message that is handed back after a fault of AWS, as secondsAfterFault takes them. */
export const faultWaitsOf = (
  config: Pick<DeliverEnvironment, 'FAULT_FIRST_WAIT_SECONDS' | 'FAULT_LONGEST_WAIT_SECONDS'>,
): FaultWaits => ({
  firstSeconds: config.FAULT_FIRST_WAIT_SECONDS,
  longestSeconds: config.FAULT_LONGEST_WAIT_SECONDS,
});

/**
 * Milliseconds for which messages may still be sent to lanes that were right when they were looked up: the time for which
 * `route` keeps them, and 5 s for its reads and its sends.
 */
export const staleLanesMsOf = ({
  CONFIG_CACHE_SECONDS,
}: Pick<DeliverEnvironment, 'CONFIG_CACHE_SECONDS'>): number => CONFIG_CACHE_SECONDS * 1000 + 5_000;

/** The names of the tables, for the functions that know endpoints. */
export const tableNamesOf = (
  config: Pick<ResumeEnvironment, 'SUBSCRIPTIONS_TABLE' | 'ENDPOINTS_TABLE' | 'STATE_TABLE'>,
) => ({
  subscriptionsTable: config.SUBSCRIPTIONS_TABLE,
  endpointsTable: config.ENDPOINTS_TABLE,
  stateTable: config.STATE_TABLE,
});
