// Prints the faults of config items: each with its path and what to do.
import type { Fault } from '#lib/item/fault.ts';
import { CommandFailed } from './command-failed.ts';

export type InvalidItem = {
  /** The item's source, for people. */
  readonly from: string;
  readonly faults: readonly Fault[];
};

/** Always throws CommandFailed with all faults of an item; `from` names the item's source. */
export function refuseItem(from: string, faults: readonly Fault[]): never {
  throw new CommandFailed(paragraph({ from, faults }));
}

/**
 * Throws CommandFailed with all faults of all invalid items of a file, if there are any. `unchecked` is the number of items
 * of which only a part was checked.
 */
export function refuseToPut(invalid: readonly InvalidItem[], unchecked = 0): void {
  if (invalid.length === 0) return;
  const others =
    unchecked === 0
      ? ''
      : ` ${unchecked === 1 ? '1 other item has' : `${unchecked} other items have`} not yet been checked against the deployment.`;
  throw new CommandFailed(`${invalid.map(paragraph).join('\n')}\nNothing was put.${others}`);
}

const paragraph = ({ from, faults }: InvalidItem): string =>
  [`${from} is invalid:`, ...faults.map(({ path, reason }) => `  ${path}: ${reason}`)].join('\n');
