// Carries out the requests of a person, and answers each with a sentence. Work inside a lane is sent there as a token.
import type { DeploymentRules } from '#lib/deployment/rules.ts';
import { faultsAsText as faultsInWords } from '#lib/item/fault.ts';
import { idsToFind } from '#lib/message/webhook-id.ts';
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
import type { ResumeAnswer, ResumeRequest } from './request.ts';
import { listBacklogPage } from './waiting.ts';

/** `deployment`: the deployment's rules, for a CLI that checks an item before it puts it. */
export type AnswerDeps = CheckDeps & OverviewDeps & { readonly deployment: DeploymentRules };

/** A subscription that a request names. */
type Subject = {
  readonly registration: { readonly id: string; state: State };
  readonly config: ConfigItem;
};
type RequestFor<Action extends ResumeRequest['action']> = Extract<ResumeRequest, { action: Action }>;

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
  const { subscription: id = '' } = request;
  const config = await deps.readConfig(id);
  const subject = { registration: { id, state: await readState(id, deps) }, config };
  // A subscription that never paused has no state, but may have held messages.
  const isGone = config.kind === 'absent' && subject.registration.state.version === 0;
  if (isGone && (await listHeld(id, 1, deps)).length === 0) {
    return { ok: false, message: `There is no subscription ${id}.` };
  }
  switch (request.action) {
    case 'status':
      return await answerStatus(subject, deps);
    case 'look': {
      const drains = await checkSubscriptionState(id, bounds, deps);
      return { ok: true, message: inWords(await readState(id, deps)), drains };
    }
    case 'resume':
      return await resume(subject, bounds, deps);
    case 'pause':
      return await pause(request, subject, deps);
    case 'skip-head':
    case 'dead-letter-head':
      return await sendHeadCommand(request, subject, deps);
    case 'list-backlog':
      return await answerBacklog(request, subject, deps);
    case 'list-held':
      return await answerHeld(request, deps);
    case 'send-held':
    case 'discard-held':
      return await sendHeldCommand(request, subject, deps);
    default:
      return request satisfies never;
  }
}

async function answerStatus({ registration: { id, state }, config }: Subject, deps: AnswerDeps) {
  return {
    ok: true,
    message: inWords(state),
    ...(config.kind === 'valid' && { rateLimit: config.subscription.rateLimit }),
    ...statusLineOf(state, {
      measure: await readMeasure(id, deps),
      held: await heldOf(id, state, deps),
    }),
  };
}

async function resume({ registration, config }: Subject, bounds: CheckBounds, deps: AnswerDeps) {
  if (config.kind === 'invalid') return { ok: false, message: stillInvalid(config) };
  const changed = await change(registration, askedToResume, deps);
  const drains = await checkSubscriptionState(registration.id, bounds, deps);
  return { ok: true, message: changed ? 'It was resumed.' : 'It was not paused.', drains };
}

async function pause(
  { detail = 'paused by hand' }: RequestFor<'pause'>,
  { registration, config }: Subject,
  deps: AnswerDeps,
) {
  const itemHash = config.kind === 'absent' ? '' : config.itemHash;
  const changed = await change(
    registration,
    (from) => askedToPause(from, detail, itemHash, deps.now()),
    deps,
  );
  return {
    ok: true,
    message: changed ? 'It is paused until somebody resumes it.' : 'It was paused by hand already.',
  };
}

/** Sends a command about the first message of a lane: of the lane that probes, unless the request names one. */
async function sendHeadCommand(
  { action, lane: asked }: RequestFor<'skip-head' | 'dead-letter-head'>,
  { registration: { id, state }, config }: Subject,
  deps: AnswerDeps,
) {
  const lane = asked ?? probeLane(state);
  const [head] = lane === undefined ? [] : await firstEntries(id, lane, 1, deps);
  if (head === undefined || lane === undefined) return { ok: false, message: 'Nothing waits there.' };
  if (action === 'dead-letter-head' && config.kind === 'invalid') {
    return { ok: false, message: stillInvalid(config) };
  }
  if (action === 'dead-letter-head' && !(config.kind === 'valid' && config.subscription.dlq)) {
    return { ok: false, message: 'It has no dlq: name one in its item, or skip the head.' };
  }
  const command = { do: action === 'skip-head' ? 'skip' : 'dead-letter', entry: head.sk } as const;
  await sendToken({ subscription: id, lane, drain: 0, command }, deps);
  return { ok: true, message: 'It is being done.', lane, messageId: head.delivery.messageId };
}

async function answerBacklog(
  { lane: asked, cursor, limit = 25 }: RequestFor<'list-backlog'>,
  { registration: { id, state } }: Subject,
  deps: AnswerDeps,
) {
  const lanes = closedLanes(state).filter((lane) => lane === (asked ?? lane));
  const page = await listBacklogPage({ subscription: id, lanes }, { cursor, limit }, deps);
  return { ok: true, message: `${page.waiting.length} waiting.`, ...page };
}

async function answerHeld(
  { subscription, cursor: from, limit = 25 }: RequestFor<'list-held'>,
  deps: AnswerDeps,
) {
  const { items, after: cursor } = await heldAfter(subscription, { after: from, limit }, deps);
  const held = items.map(({ sk, reason, status, code, at }) => ({
    messageId: sk,
    reason,
    status,
    code,
    at: new Date(at).toISOString(),
  }));
  return { ok: true, message: `${held.length} held.`, held, cursor };
}

async function sendHeldCommand(
  { subscription, action, messageId }: RequestFor<'send-held' | 'discard-held'>,
  { config }: Subject,
  deps: AnswerDeps,
) {
  if (action === 'send-held' && config.kind === 'absent') {
    return { ok: false, message: `There is no subscription ${subscription} to send it to.` };
  }
  const held = await heldAs(messageId, subscription, deps);
  if (held === undefined) {
    return { ok: false, message: `No message ${messageId} is held for ${subscription}.` };
  }
  // Always lane 0: any lane would do, as long as commands about one message use the same.
  await sendToken(
    { subscription, lane: 0, drain: 0, command: { do: action, messageId: held.sk, heldAt: held.at } },
    deps,
  );
  return { ok: true, message: action === 'send-held' ? 'It is being sent.' : 'It is being discarded.' };
}

/** The held message of this id, or of the id that a signed request carries so; undefined when there is none. */
async function heldAs(named: string, subscription: string, deps: AnswerDeps) {
  for (const id of idsToFind(named)) {
    const held = await readHeld(subscription, id, deps);
    if (held !== undefined) return held;
  }
  return undefined;
}

const inWords = (state: State): string =>
  state.pause === undefined
    ? state.slow === undefined
      ? 'It is going.'
      : 'It is going, and slow: its messages go through the backlog.'
    : `It is paused (${state.pause.reason}): ${state.pause.detail}.`;

const stillInvalid = ({ faults }: Extract<ConfigItem, { kind: 'invalid' }>): string =>
  `Its config item is invalid. Correct it first: ${faultsInWords(faults)}.`;
