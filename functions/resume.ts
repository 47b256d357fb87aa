// Once a minute: resumes the paused subscriptions that are due. On request: carries out an operator's action.
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { createDocumentsClient, createEventsClient, createSqsClient } from '#lib/deployment/aws-clients.ts';
import { readConfig, resumeEnvironment } from '#lib/deployment/config.ts';
import { deploymentRules } from '#lib/deployment/rules.ts';
import { type BacklogClients, wireBacklog } from '#lib/deployment/wiring.ts';
import { answer } from '#lib/resume/answer.ts';
import { census } from '#lib/resume/census.ts';
import { expireHeld } from '#lib/resume/expiry.ts';
import { parseResumeRequest } from '#lib/resume/request.ts';
import { sweep } from '#lib/resume/sweep.ts';
import { slotLimitsOf, tenantSlotsOf } from '#lib/state/slots.ts';
import { telemetryMiddleware } from '#lib/telemetry/telemetry.ts';

/** Milliseconds reserved at the end of an invocation, to complete running calls. */
const RESERVE_MS = 5_000;

/** Makes the handler. Throws when a variable of the environment is missing or invalid. */
export function createHandler(clients: BacklogClients, environment: NodeJS.ProcessEnv) {
  const config = readConfig(resumeEnvironment, environment);
  const backlog = wireBacklog('resume', config, clients);
  const deps = {
    ...backlog,
    deployment: deploymentRules(config),
    readConfig: backlog.registrations.readConfig,
    drainBudget: config.DRAIN_BUDGET,
    slotLimits: slotLimitsOf(config),
    retentionMs: config.BACKLOG_RETENTION_DAYS * 86_400_000,
    unsubscribedAfterMs: config.UNSUBSCRIBED_AFTER_MINUTES * 60_000,
  };
  return middy<unknown, unknown, Error, Context>()
    .use(telemetryMiddleware(backlog))
    .handler(async (event, context) => {
      const endsAt = backlog.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
      if (isScheduled(event)) {
        const bounds = { endsAt };
        const [swept] = await Promise.all([
          sweep(bounds, deps),
          census(bounds, deps),
          expireHeld(bounds, deps),
        ]);
        return swept;
      }
      const parsed = parseResumeRequest(event);
      return parsed.ok
        ? await answer(parsed.request, { maxTokens: tenantSlotsOf(config.DRAIN_BUDGET), endsAt }, deps)
        : parsed.answer;
    });
}

const isScheduled = (event: unknown): boolean =>
  typeof event === 'object' &&
  event !== null &&
  'detail-type' in event &&
  event['detail-type'] === 'Scheduled Event';

export const handler = createHandler(
  {
    sqs: createSqsClient(),
    documents: createDocumentsClient(),
    events: createEventsClient(),
  },
  process.env,
);
