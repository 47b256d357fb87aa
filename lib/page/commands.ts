// The commands that the page may run, with the fields of their requests. Each is a function of the CLI.
import * as z from 'zod';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { filterFields, timeField } from './letter-filter.ts';

/** Runs the command, and prints its result to the context. */
export type PageCommand = (context: CommandContext) => Promise<void>;

const id = z.string().min(1).max(128);
const text = z.string().max(2_000_000);
const one = z.strictObject({ subscription: id });
const none = z.strictObject({});
const limit = z.number().int().min(1).max(1_000);

const define = <Fields extends z.ZodType>(
  fields: Fields,
  command: (asked: z.infer<Fields>) => PageCommand,
) => ({
  /** Parses a request. A fault names the field. */
  parse(asked: unknown): { ok: true; command: PageCommand } | { ok: false; fault: string } {
    const parsed = fields.safeParse(asked);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return { ok: false, fault: `${issue?.path.join('.') || 'the request'}: ${issue?.message}` };
    }
    return { ok: true, command: command(parsed.data) };
  },
});

const decision = (action: string) =>
  define(
    one.extend({
      detail: z.string().max(500).optional(),
      lane: z.number().int().min(0).max(19).optional(),
    }),
    ({ subscription, detail, lane }) =>
      async (context) => {
        const { sendDecision } = await import('#lib/cli/actions/decide.ts');
        const more = { ...(detail !== undefined && { detail }), ...(lane !== undefined && { lane }) };
        await sendDecision({ subscription, action, ...more }, context);
      },
  );

const heldDecision = (action: 'send-held' | 'discard-held') =>
  define(
    one.extend({ messages: z.array(id).max(1_000), all: z.boolean() }),
    (asked) => async (context) =>
      (await import('#lib/cli/actions/decide.ts')).decideHeld({ ...asked, action }, context),
  );

/** By the name in the address of a request. */
export const COMMANDS = {
  about: define(none, () => async ({ print, place }) => {
    const { stage, region, endpointUrl, profile } = place;
    print.result({ stage, region, endpointUrl, profile }, () => stage);
  }),
  status: define(none, () => async (context) => {
    await (await import('#lib/cli/actions/status.ts')).showAll({}, context);
  }),
  'status-of': define(one, ({ subscription }) => async (context) => {
    await (await import('#lib/cli/actions/status.ts')).showOne(subscription, context);
  }),
  'subscriptions-get': define(one, ({ subscription }) => async (context) => {
    await (await import('#lib/cli/actions/registered.ts')).getSubscription(subscription, context);
  }),
  'subscriptions-check': define(one, ({ subscription }) => async (context) => {
    await (await import('#lib/cli/actions/check-registered.ts')).checkRegistered([subscription], {}, context);
  }),
  'subscriptions-put': define(
    z.strictObject({
      item: text,
      dryRun: z.boolean(),
      /** The item as the page showed it before the edit; undefined for a new item. */
      before: z.record(z.string(), z.unknown()).optional(),
    }),
    (asked) => async (context) => {
      await (await import('./edit-item.ts')).putEdited(asked, context);
    },
  ),
  'subscriptions-test': define(
    one.extend({ body: text, contentType: z.string().max(256) }),
    ({ subscription, ...options }) =>
      async (context) => {
        await (await import('#lib/cli/actions/sample-call.ts')).testSubscription(
          subscription,
          options,
          context,
        );
      },
  ),
  pause: decision('pause'),
  resume: decision('resume'),
  look: decision('look'),
  'skip-head': decision('skip-head'),
  'dead-letter-head': decision('dead-letter-head'),
  'backlog-list': define(one.extend({ limit }), ({ subscription, ...options }) => async (context) => {
    await (await import('#lib/cli/actions/list-waiting.ts')).listBacklog(subscription, options, context);
  }),
  'held-list': define(one.extend({ limit }), ({ subscription, ...options }) => async (context) => {
    await (await import('#lib/cli/actions/list-waiting.ts')).showHeld(subscription, options, context);
  }),
  'held-send': heldDecision('send-held'),
  'held-discard': heldDecision('discard-held'),
  attempts: define(
    z.strictObject({
      subscription: id.optional(),
      message: z.string().min(1).max(256).optional(),
      since: timeField,
      outcome: z.array(z.string().max(32)).max(8).optional(),
      limit: z.number().int().min(1).max(5_000),
    }),
    ({ subscription, ...options }) =>
      async (context) => {
        const { showAttempts } = await import('#lib/cli/actions/find-attempts.ts');
        await showAttempts(subscription, { ...withoutUndefined(options), limit: options.limit }, context);
      },
  ),
  'endpoints-list': define(none, () => async (context) => {
    await (await import('#lib/cli/actions/endpoint-items.ts')).listEndpoints(context);
  }),
  'dead-letters-list': define(
    z.strictObject({ endpoint: id, limit, filter: filterFields }),
    ({ endpoint, limit, filter }) =>
      async (context) => {
        const { listLetters } = await import('#lib/cli/actions/list-letters.ts');
        await listLetters(endpoint, { ...filter, limit }, context);
      },
  ),
  redrive: define(
    z.strictObject({
      endpoint: id,
      filter: filterFields,
      dryRun: z.boolean(),
      includeUnknown: z.boolean(),
      rate: z.number().int().min(1).max(1_000_000).optional(),
      redriveId: z.uuid(),
    }),
    ({ endpoint, filter, rate, ...options }) =>
      async (context) => {
        const { redriveLetters } = await import('#lib/cli/actions/redrive.ts');
        const more = rate === undefined ? {} : { rate };
        const seconds = options.dryRun ? SECONDS_A_CALL.dryRun : SECONDS_A_CALL.redrive;
        await redriveLetters(endpoint, { ...filter, ...options, ...more }, context, seconds);
      },
  ),
  publish: define(
    z.strictObject({
      body: text,
      topic: z.string().max(256).optional(),
      subscription: id.optional(),
      id: id.optional(),
      contentType: z.string().max(256).optional(),
      group: z.string().max(128).optional(),
      key: text.optional(),
      header: z.array(z.string().max(8_192)).max(64),
    }),
    ({ body, ...options }) =>
      async (context) => {
        const { publishMessages } = await import('#lib/cli/actions/publish.ts');
        await publishMessages(
          body,
          { ...withoutUndefined(options), header: options.header, count: 1 },
          context,
        );
      },
  ),
} as const;

/**
 * A redrive shows its progress, and can stop, after each call. A dry run of a queue is one call if it fits: between two calls
 * the dead letters stay invisible, and the redrive that follows would not find them.
 */
const SECONDS_A_CALL = { redrive: 10, dryRun: 60 } as const;

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

const withoutUndefined = <T extends object>(options: T): Defined<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
