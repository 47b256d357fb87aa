// Prints the faults of a config item: each with its path and what to do.
import type { Fault } from '#lib/item/fault.ts';
import { CommandFailed } from './command-failed.ts';

/** Always throws CommandFailed with all faults of an item; `from` names the item's source. */
export function refuseItem(from: string, faults: readonly Fault[]): never {
  const lines = faults.map(({ path, reason }) => `  ${path}: ${reason}`);
  throw new CommandFailed(`${from} is invalid; nothing was put.\n${lines.join('\n')}`);
}
