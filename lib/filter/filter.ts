// A subscription's filter: compiled once for each text of it, and asked for each message. What a filter costs is bounded; one
// that would cost more lets the message pass, because a message must not be lost to a bound.

import { tooLarge } from '#lib/item/bounds.ts';
import { type Fault, type Path, type Suggestions, suggestions } from '#lib/item/fault.ts';
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import type { FilterEvent, Steps } from './event.ts';
import { MOST_STEPS, passes } from './match.ts';
import { type Branches, parseFilter } from './parse.ts';

export type CompiledFilter = Branches;

export type FilterReading =
  | { readonly ok: true; readonly value: CompiledFilter }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Filters that an environment remembers: those of ten thousand subscriptions, most of which share one with others. */
const MOST_REMEMBERED = 20_000;

const remembered = new Map<string, CompiledFilter>();

/** Compiles a filter, or remembers it from an earlier item with the same one. `path`: where it is in the item. */
export function compileFilter(
  value: unknown,
  path: Path = ['filter'],
  suggest: Suggestions = suggestions(),
): FilterReading {
  const text = tooLarge(value) === undefined ? JSON.stringify(value) : undefined;
  const known = text === undefined ? undefined : remembered.get(text);
  if (known !== undefined) return { ok: true, value: known };
  const parsed = parseFilter(value, path, suggest);
  if (parsed.ok && text !== undefined) {
    remembered.set(text, parsed.value);
    forgetOldest(remembered, MOST_REMEMBERED);
  }
  return parsed;
}

/** Whether a message passes the filter; also when the filter would cost more than the steps that are left. */
export function isWanted(
  event: FilterEvent,
  filter: CompiledFilter,
  steps: Steps = { left: MOST_STEPS },
): boolean {
  return passes(event, filter, steps) ?? true;
}
