// Formats times and numbers for people.

const UNITS: readonly [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** A duration in its largest unit: `12 s`, `5 min`, `3 h`, `9 d`. Below a second: `250 ms`. */
export function duration(ms: number): string {
  const past = Math.max(0, ms);
  if (past < 1_000) return `${Math.round(past)} ms`;
  for (const [unit, name] of UNITS)
    if (past >= unit * (name === 's' ? 1 : 1.5) || name === 's') return `${Math.round(past / unit)} ${name}`;
  return '';
}

/** How long ago, such as `5 min ago`. */
export const ago = (at: number): string => {
  const past = Date.now() - at;
  return past < 1_000 ? 'now' : `${duration(past)} ago`;
};

/** The time until a moment in the future, such as `in 8 s`. */
export const until = (at: number): string =>
  at <= Date.now() ? 'now' : `in ${duration(Math.max(1_000, at - Date.now()))}`;

/** A time to the millisecond in the reader's time zone. */
export const exact = (at: number): string =>
  new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A number with separators, or with `≥` in front where more were not counted. */
export const amount = (count: number, isAtLeast = false): string =>
  `${isAtLeast ? '≥ ' : ''}${count.toLocaleString()}`;

/** A number with its noun: `1 message`, `3 messages`. */
export const counted = (count: number, noun: string): string =>
  `${amount(count)} ${noun}${count === 1 ? '' : 's'}`;
