// The ledger as JSON lines, for `--ledger` and for the evidence of a broken promise: each message of each subscription with its
// place, and each request.

import { laneFor } from '#lib/message/lane.ts';
import { lanesIn } from '#lib/subscription/lanes.ts';
import type { Entry } from './check.ts';
import { itemIn, itemOf } from './item.ts';
import type { Items } from './items.ts';
import type { Plan } from './plan.ts';
import type { Received } from './receiver.ts';
import { hashOf, membersOf } from './request-members.ts';

type Run = {
  readonly plan: Plan;
  readonly items: Pick<Items, 'settingsOf'>;
  readonly publishedAt: ReadonlyMap<string, number>;
};

/** The line of a message: its place, and each copy that is stored. */
export function messageLine(
  { id, subscription, place, copies }: Entry,
  { plan: { seed }, publishedAt }: Pick<Run, 'plan' | 'publishedAt'>,
): string {
  const stored = copies.map(({ place: at, reason, hash }) => ({ place: at, reason, hash }));
  return JSON.stringify({
    seed,
    message: id,
    subscription,
    publishedAt: publishedAt.get(id),
    place,
    ...(stored.length > 0 && { stored }),
  });
}

/** The line of a request. `lane`: the one that the item under which it was made gives to its message. */
export function requestLine(request: Received, run: Run): string {
  const { subscription, headers, body, at, isWhole, inFlight, status, endedAt } = request;
  const messages = membersOf(request);
  return JSON.stringify({
    seed: run.plan.seed,
    at,
    subscription,
    webhookId: headers.get('webhook-id'),
    messages,
    lane: laneOfRequest(request, messages[0]?.id ?? '', run),
    attempt: Number(headers.get('webhook-attempt')),
    hash: hashOf(body),
    isWhole,
    inFlight,
    status,
    endedAt,
  });
}

/** The line of what a request carried: its headers, and the beginning of its body. */
export const contentLine = ({ headers, body }: Received): string =>
  JSON.stringify({ headers: Object.fromEntries(headers), body: body.toString().slice(0, 200) });

function laneOfRequest(
  { subscription, headers }: Received,
  messageId: string,
  { plan, items }: Run,
): number | undefined {
  const planned = plan.subscriptions.find(({ id }) => id === subscription);
  const message = plan.messages.find(({ id }) => id === messageId);
  const version = itemIn(headers)?.version;
  const settings = version === undefined ? undefined : items.settingsOf(subscription)[version];
  if (planned === undefined || settings === undefined || version === undefined) return undefined;
  const item = itemOf(planned, { version, settings }, { seed: plan.seed, url: 'http://127.0.0.1' });
  return laneFor({ messageId, key: message?.ordered ? message.key : undefined }, lanesIn(item));
}
