// `backlog list` and `held list`: waiting and held messages, page by page, without bodies.
import * as z from 'zod';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { askResume } from '#lib/cli/terminal/invoke.ts';
import { age, table } from '#lib/cli/terminal/print.ts';

const backlogPage = z.object({
  waiting: z.array(
    z.object({
      lane: z.number(),
      messageId: z.string(),
      topic: z.string().optional(),
      publishedAt: z.number(),
      parkedAt: z.number(),
      attempt: z.number(),
    }),
  ),
  cursor: z.string().optional(),
});
const heldPage = z.object({
  held: z.array(
    z.object({
      messageId: z.string(),
      reason: z.string(),
      status: z.number().optional(),
      code: z.string().optional(),
      at: z.string(),
    }),
  ),
  cursor: z.string().optional(),
});

type Bounds = { readonly limit: number; readonly all?: true };
type Listing = Bounds & { readonly lane?: number };

/** Messages in one answer of `resume` at most. */
const PAGE = 100;

/** Reads the pages of a list up to a limit. Returns the messages, and whether there are more. */
async function pages<T>(
  limit: number,
  read: (
    limit: number,
    cursor: string | undefined,
  ) => Promise<{ items: readonly T[]; cursor?: string | undefined }>,
  { progress }: Pick<CommandContext, 'progress'>,
): Promise<{ items: readonly T[]; more: boolean }> {
  const items: T[] = [];
  const bar = progress('Listing');
  try {
    for (let cursor: string | undefined; ; ) {
      const page = await read(Math.min(PAGE, limit - items.length), cursor);
      items.push(...page.items);
      bar.at(items.length);
      cursor = page.cursor;
      if (cursor === undefined || items.length >= limit) return { items, more: cursor !== undefined };
    }
  } finally {
    bar.end();
  }
}

const mostOf = ({ limit, all }: Bounds): number => (all === true ? Number.POSITIVE_INFINITY : limit);
const MORE = 'There are more messages: use --limit or --all.';

/** Prints the waiting messages of a subscription. */
export async function listBacklog(
  subscription: string,
  options: Listing,
  context: CommandContext,
): Promise<void> {
  const { lane } = options;
  const { items, more } = await pages(
    mostOf(options),
    async (limit, cursor) => {
      const asked = { ...(lane !== undefined && { lane }), ...(cursor !== undefined && { cursor }) };
      const request = { subscription, action: 'list-backlog', limit, ...asked };
      const page = await askResume(request, backlogPage, context);
      return { items: page.waiting, cursor: page.cursor };
    },
    context,
  );
  const now = Date.now();
  context.print.result({ subscription, waiting: items, more }, () => {
    if (items.length === 0) return `No message waits for ${subscription}.`;
    const rows = table(
      items,
      [
        { title: 'lane', of: (one) => one.lane },
        { title: 'message', of: ({ messageId }) => messageId },
        { title: 'topic', of: ({ topic }) => topic },
        { title: 'published', of: ({ publishedAt }) => `${age(now - publishedAt)} ago` },
        { title: 'waits', of: ({ parkedAt }) => age(now - parkedAt) },
        { title: 'next attempt', of: ({ attempt }) => attempt },
      ],
      context.print,
    );
    return more ? `${rows}\n${MORE}` : rows;
  });
}

/** Reads the first held messages of a subscription. */
export async function heldIn(subscription: string, limit: number, context: CommandContext) {
  return (await heldPages(subscription, limit, context)).items;
}

const heldPages = (subscription: string, limit: number, context: CommandContext) =>
  pages(
    limit,
    async (size, cursor) => {
      const request = {
        subscription,
        action: 'list-held',
        limit: size,
        ...(cursor !== undefined && { cursor }),
      };
      const page = await askResume(request, heldPage, context);
      return { items: page.held, cursor: page.cursor };
    },
    context,
  );

/** Prints the held messages of a subscription. */
export async function showHeld(
  subscription: string,
  options: Bounds,
  context: CommandContext,
): Promise<void> {
  const { items, more } = await heldPages(subscription, mostOf(options), context);
  const now = Date.now();
  context.print.result({ subscription, held: items, more }, () => {
    if (items.length === 0) return `No message is held for ${subscription}.`;
    const rows = table(
      items,
      [
        { title: 'message', of: ({ messageId }) => messageId },
        { title: 'why', of: ({ reason }) => reason },
        { title: 'status', of: ({ status, code }) => status ?? code },
        { title: 'held', of: ({ at }) => `${age(now - Date.parse(at))} ago` },
      ],
      context.print,
    );
    return more ? `${rows}\n${MORE}` : rows;
  });
}
