// Options of an item that this version does not support: they are parsed and then refused, because an option that is
// silently ignored is worse. To support one, remove its row.
import type { ItemFields } from './fields.ts';

/** The parsed options; undefined when missing or invalid. */
type OptionValues = Pick<ItemFields, 'channel' | 'startingAt' | 'endingAt'>;

type UnsupportedOption = {
  readonly option: keyof OptionValues;
  readonly asks: (asked: OptionValues) => boolean;
  /** What to do instead, without values of the item. */
  readonly instead: string;
};

export const UNSUPPORTED_OPTIONS: readonly UnsupportedOption[] = [
  {
    option: 'channel',
    asks: ({ channel }) => channel !== undefined,
    instead: 'leave channel out; choose messages by topic, and put a path into callbackUrl',
  },
  {
    option: 'startingAt',
    asks: ({ startingAt }) => startingAt !== undefined,
    instead: 'leave startingAt out; put the item when deliveries should start',
  },
  {
    option: 'endingAt',
    asks: ({ endingAt }) => endingAt !== undefined,
    instead: 'leave endingAt out; delete the item when deliveries should end',
  },
];

/** The unsupported options in the item, each once, with what to do instead. */
export function unsupportedOptions(asked: OptionValues): { option: keyof OptionValues; reason: string }[] {
  return UNSUPPORTED_OPTIONS.filter(({ asks }) => asks(asked)).map(({ option, instead }) => ({
    option,
    reason: `is understood but not yet supported by this version: ${instead}`,
  }));
}
