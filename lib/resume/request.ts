// Requests of a person about one subscription: status, resume, pause, or a command about its head or a held message. Each
// is checked strictly and answered with a sentence.
import * as z from 'zod';
import type { DeploymentRules } from '#lib/deployment/rules.ts';
import { faultsAsText as faultsInWords } from '#lib/item/fault.ts';
import { sendToken } from '#lib/queue/tokens.ts';
import { change } from '#lib/state/change.ts';
import { firstEntries } from '#lib/state/entries.ts';
import { heldAfter, listHeld, readHeld } from '#lib/state/held.ts';
import { probeLane } from '#lib/state/lanes.ts';
import { askedToPause, askedToResume } from '#lib/state/machine.ts';
import type { ConfigItem } from '#lib/state/registration.ts';
import { closedLanes, type State } from '#lib/state/state.ts';
import { readState } from '#lib/state/state-item.ts';
import { type CheckBounds, type CheckDeps, checkSubscriptionState } from './check-subscription.ts';
import { readMeasure } from './measure.ts';
import { heldOf, type OverviewDeps, overview, statusLineOf } from './overview.ts';
import { listBacklogPage } from './waiting.ts';

const id = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters');
const lane = z.number().int().min(0).max(19).optional();

export const requestSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('rules') }),
  z.strictObject({ subscription: id, action: z.literal('resume') }),
  z.strictObject({ subscription: id, action: z.literal('pause'), detail: z.string().max(500).optional() }),
  z
    .strictObject({
      subscription: id.optional(),
      action: z.literal('status'),
      cursor: id.optional(),
      limit: z.number().int().min(1).max(250).optional(),
    })
    .refine(
      ({ subscription, cursor, limit }) => subscription === undefined || (cursor ?? limit) === undefined,
      {
        path: ['subscription'],
        error: 'is one: leave cursor and limit out, or leave it out for all',
      },
    ),
  z.strictObject({ subscription: id, action: z.literal('look') }),
  z.strictObject({ subscription: id, action: z.literal('skip-head'), lane }),
  z.strictObject({ subscription: id, action: z.literal('dead-letter-head'), lane }),
  z.strictObject({
    subscription: id,
    action: z.literal('list-held'),
    limit: z.number().int().min(1).max(100).optional(),
    cursor: id.optional(),
  }),
  z.strictObject({
    subscription: id,
    action: z.literal('list-backlog'),
    lane,
    limit: z.number().int().min(1).max(100).optional(),
    cursor: z
      .string()
      .regex(/^\d{1,2}:\d{40}#[\x21-\x7e]{1,140}$/, 'must be the cursor of an answer')
      .optional(),
  }),
  z.strictObject({ subscription: id, action: z.literal('send-held'), messageId: id }),
  z.strictObject({ subscription: id, action: z.literal('discard-held'), messageId: id }),
]);

export type ResumeRequest = z.infer<typeof requestSchema>;

/** `deployment`: the deployment's rules, for a CLI that checks an item before it puts it. */
export type AnswerDeps = CheckDeps & OverviewDeps & { readonly deployment: DeploymentRules };

export type ResumeAnswer = {
  readonly ok: boolean;
  readonly message: string;
  readonly [name: string]: unknown;
};

/** Parses a request. The answer to an invalid one names every fault. */
export function parseResumeRequest(
  event: unknown,
): { ok: true; request: ResumeRequest } | { ok: false; answer: ResumeAnswer } {
  const parsed = requestSchema.safeParse(event);
  if (parsed.success) return { ok: true, request: parsed.data };
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the request'}: ${message}`,
  );
  return { ok: false, answer: { ok: false, message: `The request is not right. ${faults.join('. ')}` } };
}

/** Carries out the request, or answers why it can't. Throws when AWS fails. */
export async function answer(
  request: ResumeRequest,
  bounds: CheckBounds,
  deps: AnswerDeps,
): Promise<ResumeAnswer> {
  if (request.action === 'rules') {
    return { ok: true, message: 'What this deployment allows.', rules: deps.deployment };
  }
  if (request.action === 'status' && request.subscription === undefined) {
    const page = await overview({ cursor: request.cursor, limit: request.limit ?? 100 }, deps);
    return { ok: true, message: `${page.subscriptions.length} subscriptions.`, ...page };
  }
  const { subscription = '' } = request;
  const config = await deps.readConfig(subscription);
  const subject = { id: subscription, state: await readState(subscription, deps) };
  // A subscription that never paused has no state, but may have held messages.
  const isGone = config.kind === 'absent' && subject.state.version === 0;
  if (isGone && (await listHeld(subscription, 1, deps)).length === 0) {
    return { ok: false, message: `There is no subscription ${subscription}.` };
  }

  switch (request.action) {
    case 'status':
      return {
        ok: true,
        message: inWords(subject.state),
        ...(config.kind === 'valid' && { rateLimit: config.subscription.rateLimit }),
        ...statusLineOf(subject.state, {
          measure: await readMeasure(subscription, deps),
          held: await heldOf(subscription, subject.state, deps),
        }),
      };
    case 'resume': {
      if (config.kind === 'invalid') return { ok: false, message: stillInvalid(config) };
      const changed = await change(subject, askedToResume, deps);
      const drains = await checkSubscriptionState(subscription, bounds, deps);
      return { ok: true, message: changed ? 'It was resumed.' : 'It was not paused.', drains };
    }
    case 'look': {
      const drains = await checkSubscriptionState(subscription, bounds, deps);
      return { ok: true, message: inWords(await readState(subscription, deps)), drains };
    }
    case 'pause': {
      const itemHash = config.kind === 'absent' ? '' : config.itemHash;
      const detail = request.detail ?? 'paused by hand';
      const changed = await change(subject, (from) => askedToPause(from, detail, itemHash, deps.now()), deps);
      return {
        ok: true,
        message: changed ? 'It is paused until somebody resumes it.' : 'It was paused by hand already.',
      };
    }
    case 'skip-head':
    case 'dead-letter-head':
      return await withHead(request);
    case 'list-held': {
      const { cursor: from, limit = 25 } = request;
      const { items: held, after: cursor } = await heldAfter(subscription, { after: from, limit }, deps);
      const list = held.map(({ sk, reason, status, code, at }) => ({
        messageId: sk,
        reason,
        status,
        code,
        at: new Date(at).toISOString(),
      }));
      return { ok: true, message: `${list.length} held.`, held: list, cursor };
    }
    case 'list-backlog': {
      const lanes = closedLanes(subject.state).filter((one) => one === (request.lane ?? one));
      const { cursor, limit = 25 } = request;
      const page = await listBacklogPage({ subscription, lanes }, { cursor, limit }, deps);
      return { ok: true, message: `${page.waiting.length} waiting.`, ...page };
    }
    case 'send-held':
    case 'discard-held': {
      const { messageId, action } = request;
      if (action === 'send-held' && config.kind === 'absent') {
        return { ok: false, message: `There is no subscription ${subscription} to send it to.` };
      }
      const held = await readHeld(subscription, messageId, deps);
      if (held === undefined) {
        return { ok: false, message: `No message ${messageId} is held for ${subscription}.` };
      }
      // Always lane 0: any lane would do, as long as commands about one message use the same.
      await sendToken(
        { subscription, lane: 0, drain: 0, command: { do: action, messageId, heldAt: held.at } },
        deps,
      );
      return { ok: true, message: action === 'send-held' ? 'It is being sent.' : 'It is being discarded.' };
    }
    default:
      return request satisfies never;
  }

  async function withHead({
    action,
    lane: asked,
  }: Extract<ResumeRequest, { lane?: unknown }>): Promise<ResumeAnswer> {
    const where = asked ?? probeLane(subject.state);
    const [head] = where === undefined ? [] : await firstEntries(subscription, where, 1, deps);
    if (head === undefined || where === undefined) return { ok: false, message: 'Nothing waits there.' };
    if (action === 'dead-letter-head' && config.kind === 'invalid') {
      return { ok: false, message: stillInvalid(config) };
    }
    if (action === 'dead-letter-head' && !(config.kind === 'valid' && config.subscription.dlq)) {
      return { ok: false, message: 'It has no dlq: name one in its item, or skip the head.' };
    }
    const command = { do: action === 'skip-head' ? 'skip' : 'dead-letter', entry: head.sk } as const;
    await sendToken({ subscription, lane: where, drain: 0, command }, deps);
    return { ok: true, message: 'It is being done.', lane: where, messageId: head.delivery.messageId };
  }
}

const inWords = (state: State): string =>
  state.pause === undefined
    ? state.slow === undefined
      ? 'It is going.'
      : 'It is going, and slow: its messages go through the backlog.'
    : `It is paused (${state.pause.reason}): ${state.pause.detail}.`;

const stillInvalid = ({ faults }: Extract<ConfigItem, { kind: 'invalid' }>): string =>
  `Its config item is invalid. Correct it first: ${faultsInWords(faults)}.`;
