// The deployment's rules, asked of the deployment: the CLI's machine does not know them.
import * as z from 'zod';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { askResume } from '#lib/cli/terminal/invoke.ts';
import type { DeploymentRules, ItemRules } from '#lib/deployment/rules.ts';

const secretRulesSchema = z.object({
  prefix: z.string(),
  shared: z.array(z.string()),
  account: z.string().optional(),
  region: z.string().optional(),
});

const endpointRulesSchema = z.object({
  brokerCidrs: z.array(z.string()),
  allowPlaintextSasl: z.boolean(),
  emulator: z.string().optional(),
});

const answered = z.object({
  rules: z.object({
    largestReadTimeoutMs: z.number(),
    allowHttp: z.boolean(),
    allowedCidrs: z.array(z.string()),
    allowThisMachine: z.boolean(),
    allowTrustAll: z.boolean(),
    responseCapBytes: z.number(),
    // A deployment of 0.2.0 does not answer these. Its items are judged by the defaults, as after an upgrade.
    allowAnyHostname: z.boolean().default(false),
    secrets: secretRulesSchema.optional(),
    // An older deployment does not answer it, and lets endpoints be anywhere.
    endpoints: endpointRulesSchema.default({ brokerCidrs: [], allowPlaintextSasl: false }),
  }),
});

/** Asks `resume` for the rules that items are checked against. */
export async function readRules(context: Pick<CommandContext, 'lambda' | 'names'>): Promise<DeploymentRules> {
  const { secrets, ...rules } = (await askResume({ action: 'rules' }, answered, context)).rules;
  const { prefix, shared, account, region } = secrets ?? { prefix: context.names.secretsPrefix, shared: [] };
  return { ...rules, secrets: { prefix, shared, account, region } };
}

/** Rules that hold in every deployment, used before the deployment is asked. */
export const anyRules: ItemRules = {
  largestReadTimeoutMs: Number.POSITIVE_INFINITY,
  allowTrustAll: true,
  allowAnyHostname: true,
  checkUrl: () => undefined,
  checkSecret: () => undefined,
  checkQueueUrl: () => undefined,
  checkBrokerHost: () => undefined,
  allowPlaintextSasl: true,
};
