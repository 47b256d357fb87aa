// Compiles the filters of subscriptions, each different text once, and decides whether a message passes. The work for a
// message is limited. At the limit the message passes, because a limit must not cause the loss of a message.

import { tooLarge } from '#lib/item/bounds.ts';
import { type Fault, type Path, type Suggestions, suggestions } from '#lib/item/fault.ts';
import { createSizedMemory } from '#lib/item/sized-memory.ts';
import type { FilterEvent, Steps } from './event.ts';
import { MOST_STEPS, passes } from './match.ts';
import { type Branches, parseFilter } from './parse.ts';

export type CompiledFilter = Branches;

export type FilterReading =
  | { readonly ok: true; readonly value: CompiledFilter }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Characters of the filters that an environment keeps compiled: enough for ten thousand subscriptions and more, because many
 * have the same filter. A compiled filter takes up to 64 bytes for each character of its text, so these take 128 MB at most.
 */
const MOST_REMEMBERED = 2_000_000;

const remembered = createSizedMemory<CompiledFilter>(MOST_REMEMBERED);

/**
 * Returns the compiled filter, from memory if it was compiled before. `path`: the path of the filter in the item, for its
 * faults.
 */
export function compileFilter(
  value: unknown,
  path: Path = ['filter'],
  suggest: Suggestions = suggestions(),
): FilterReading {
  const text = tooLarge(value) === undefined ? JSON.stringify(value) : undefined;
  const known = text === undefined ? undefined : remembered.get(text);
  if (known !== undefined) return { ok: true, value: known };
  const parsed = parseFilter(value, path, suggest);
  if (parsed.ok && text !== undefined) remembered.set(text, parsed.value, text.length);
  return parsed;
}

/** Whether a message passes the filter. True too if the steps run out before this is known. */
export function isWanted(
  event: FilterEvent,
  filter: CompiledFilter,
  steps: Steps = { left: MOST_STEPS },
): boolean {
  return passes(event, filter, steps) ?? true;
}
