// The deployment's rules, asked of the deployment: the CLI's machine does not know them.
import * as z from 'zod';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { askResume } from '#lib/cli/terminal/invoke.ts';
import type { DeploymentRules } from '#lib/deployment/rules.ts';
import type { SubscriptionRules } from '#lib/subscription/rules.ts';

const answered = z.object({
  rules: z.object({
    largestReadTimeoutMs: z.number(),
    allowHttp: z.boolean(),
    allowedCidrs: z.array(z.string()),
    allowThisMachine: z.boolean(),
    allowTrustAll: z.boolean(),
    allowAnyHostname: z.boolean(),
    responseCapBytes: z.number(),
  }),
});

/** Asks `resume` for the rules that items are checked against. */
export async function readRules(context: Pick<CommandContext, 'lambda' | 'names'>): Promise<DeploymentRules> {
  return (await askResume({ action: 'rules' }, answered, context)).rules;
}

/** Rules that hold in every deployment, used before the deployment is asked. */
export const anyRules: SubscriptionRules = {
  largestReadTimeoutMs: Number.POSITIVE_INFINITY,
  allowTrustAll: true,
  allowAnyHostname: true,
  checkUrl: () => undefined,
};
