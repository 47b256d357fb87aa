// Our own messages in a lane: the token of a drain, and commands about entries and held messages. They are parsed in
// attribute.ts, as deliveries are.
import * as z from 'zod';

const commandSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('skip'), entry: z.string() }),
  z.object({ do: z.literal('dead-letter'), entry: z.string() }),
  // `heldAt`: when it was held, epoch milliseconds. A message that is held a second time needs a second token.
  z.object({ do: z.literal('send-held'), messageId: z.string(), heldAt: z.number().optional() }),
  z.object({ do: z.literal('discard-held'), messageId: z.string(), heldAt: z.number().optional() }),
  /** Messages held before this time, epoch milliseconds, are past their retention. */
  z.object({ do: z.literal('expire-held'), messageIds: z.array(z.string()), before: z.number() }),
  /** The subscription was deleted: its whole backlog goes to `undeliverable`. */
  z.object({ do: z.literal('purge') }),
  /** Entries parked before this time, epoch milliseconds, are past their retention. */
  z.object({ do: z.literal('expire'), before: z.number() }),
  /** The lane's entries of other lanes are moved there. `number`: of the move. `after`: the sort key to continue after. */
  z.object({ do: z.literal('move'), number: z.number().int(), after: z.string().optional() }),
]);

export const tokenSchema = z.object({
  subscription: z.string(),
  lane: z.number().int(),
  /**
   * The drain number. The token drains the lane only if the lane's state has the same number. A command runs with any
   * number.
   */
  drain: z.number().int(),
  command: commandSchema.optional(),
  /** The earliest time at which the token goes from `retries` into the lane, epoch milliseconds. */
  notBefore: z.number().optional(),
});

/** A command about one entry, one held message or a whole lane, run under the lane's message group. */
export type Command = z.infer<typeof commandSchema>;
/** The message that holds a lane's message group while it drains the backlog. */
export type Token = z.infer<typeof tokenSchema>;
