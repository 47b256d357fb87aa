// `subscriptions test`: one call to the callback by the code of a delivery, with its credentials, signature, guard and
// limits. Nothing is claimed, counted or stored, and no real message is sent.
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { createCallbackClient, type ExchangeRequest } from '#lib/callback/client.ts';
import { systemLookup } from '#lib/callback/guard.ts';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { refuseItem } from '#lib/cli/terminal/faults.ts';
import { readInput } from '#lib/cli/terminal/input.ts';
import { plain } from '#lib/cli/terminal/print.ts';
import { createAuthorization } from '#lib/credentials/authorization.ts';
import { createConnectionOf } from '#lib/credentials/connection.ts';
import { createSecrets } from '#lib/credentials/secrets.ts';
import { type Attempted, attempt } from '#lib/deliver/attempt.ts';
import { adviceOn } from '#lib/deliver/cause.ts';
import type { DeliveryMessage } from '#lib/deliver/delivery-message.ts';
import { causeOf, describe, httpStatusOf } from '#lib/deliver/outcome.ts';
import { nextRequest, type Sending } from '#lib/deliver/request-batch.ts';
import { NO_STOPWATCH } from '#lib/deliver/stopwatch.ts';
import { callbackOptions, itemRules } from '#lib/deployment/rules.ts';
import { REAL_CLOCK } from '#lib/queue/unprocessed.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import type { LogFields } from '#lib/telemetry/log.ts';
import { itemOf } from './registered.ts';
import { readRules } from './rules.ts';

type Options = { readonly body: string; readonly file?: string; readonly contentType: string };

/** Makes one call to the subscription's callback and prints request and answer. */
export async function testSubscription(id: string, options: Options, context: CommandContext): Promise<void> {
  const payload =
    options.file === undefined ? Buffer.from(options.body) : await readInput(options.file, context.io);
  const item = await itemOf(id, context);
  const deployment = await readRules(context);
  const parsed = parseSubscription(item, itemRules(deployment));
  if (!parsed.ok) refuseItem(`The item of ${id}`, parsed.faults);
  const { subscription } = parsed;

  const sending = sampleOf({ payload, contentType: options.contentType }, subscription, context);
  const callback = createCallbackClient({ ...callbackOptions(deployment), lookup: systemLookup });
  try {
    const { allowAnyHostname } = deployment;
    const { sent, attempted } = await call({ sending, subscription, allowAnyHostname }, callback, context);
    printResult({ id, sending, sent, attempted }, context);
  } finally {
    await callback.close();
  }
}

const NO_END = Number.POSITIVE_INFINITY;
/** For display only; not stored. */
const EXCERPT_BYTES = 1024;

type Callback = ReturnType<typeof createCallbackClient>;
type Sample = {
  readonly sending: Sending<Message>;
  readonly subscription: Subscription;
  readonly allowAnyHostname: boolean;
};
type Message = Pick<DeliveryMessage, 'delivery' | 'body'>;

/** In a batch: enough to show that it has several messages. */
const MESSAGES_OF_A_BATCH = 2;

/** The messages of the call: one, or two in a batch where the item has `batch` and the body fits its format. */
function sampleOf(
  { payload, contentType }: { readonly payload: Buffer; readonly contentType: string },
  subscription: Subscription,
  { names }: Pick<CommandContext, 'names'>,
): Sending<Message> {
  const isText = payload.length > 0 && isUtf8(payload);
  const message = (): Message => ({
    delivery: {
      subscription: subscription.id,
      messageId: `test-${randomUUID()}`,
      ...(subscription.topic !== undefined && { topic: subscription.topic }),
      contentType,
      headers: {},
      ...(!isText && { encoding: 'base64' as const }),
      publishedAt: Date.now(),
      attempt: 1,
      sends: 0,
    },
    body: isText ? payload.toString('utf8') : payload.length === 0 ? '=' : payload.toString('base64'),
  });
  const messages = Array.from({ length: subscription.batch ? MESSAGES_OF_A_BATCH : 1 }, message);
  return nextRequest(messages, subscription, names.stage) ?? { members: [message()] };
}

async function call(
  { sending, subscription, allowAnyHostname }: Sample,
  callback: Callback,
  context: CommandContext,
) {
  let sent: ExchangeRequest | undefined;
  const now = Date.now;
  const secrets = createSecrets({ client: await context.secrets(), cacheMs: 60_000, now });
  const connectionOf = createConnectionOf({ secrets, allowAnyHostname });
  const log = {
    info: () => {},
    warn: (event: string, { fix }: LogFields) =>
      context.print.note(`${event}${fix === undefined ? '' : `: ${fix}`}`),
    error: (event: string) => context.print.note(event),
  };
  const attempted = await attempt(
    sending,
    // Another quality of service would write a claim.
    {
      subscription: { ...subscription, qos: 'none' },
      epoch: 0,
      probing: false,
      sendBy: NO_END,
      endsAt: NO_END,
      stopwatch: NO_STOPWATCH,
    },
    {
      authorization: createAuthorization({ secrets, connectionOf, callback, log, now }),
      callback: {
        exchange(request) {
          sent = request;
          return callback.exchange(request);
        },
      },
      connectionOf,
      secrets,
      stateTable: (await context.tables()).stateTable,
      excerptBytes: EXCERPT_BYTES,
      // Nothing is claimed, and nothing is sent again.
      claimsLiveSeconds: 0,
      longestRetryAfterMs: 0,
      log,
      count: () => {},
      ...REAL_CLOCK,
    },
  );
  if (typeof attempted === 'string')
    throw new Error(`an attempt without deadline and claim was ${attempted}`);
  return { sent, attempted };
}

type SampleResult = {
  readonly id: string;
  readonly sending: Sending<Message>;
  readonly sent: ExchangeRequest | undefined;
  readonly attempted: Attempted;
};

function printResult({ id, sending, sent, attempted }: SampleResult, { print }: CommandContext): void {
  const { outcome, durationMs } = attempted;
  const { members, batch } = sending;
  const excerpt = 'excerpt' in outcome ? outcome.excerpt : undefined;
  // Their values are credentials, or of no interest.
  const headers = sent === undefined ? [] : Object.keys(sent.headers).sort();
  const result = {
    id,
    webhookId: batch?.id ?? members[0].delivery.messageId,
    ...(batch && { messages: members.length }),
    outcome: outcome.kind,
    status: httpStatusOf(outcome),
    code: causeOf(outcome),
    message: describe(outcome),
    durationMs,
    headers,
    excerpt,
  };
  print.result(result, () =>
    [
      `${id}: ${print.paint(outcome.kind === 'delivered' ? 'green' : 'red', outcome.kind)}, ${describe(outcome)}, after ${durationMs} ms.`,
      ...(batch ? [`  sent as a batch of ${members.length} messages (${batch.contentType})`] : []),
      ...(headers.length === 0 ? [] : [`  sent with ${headers.join(', ')}`]),
      ...(excerpt === undefined ? [] : [`  answered: ${plain(excerpt)}`]),
    ].join('\n'),
  );
  if (outcome.kind !== 'delivered') throw new CommandFailed(adviceOn(outcome));
}
