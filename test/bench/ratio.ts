// Compares two series of measurements that were taken alternately: the ratio of a percentile over all rounds, with an
// interval by bootstrap (rounds drawn again with replacement).
export const percentile = (numbers: readonly number[], share: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ??
  Number.NaN;

/** Prints the median, and the lowest and highest value. */
export const spread = (numbers: readonly number[], digits = 0): string =>
  `${percentile(numbers, 0.5).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)})`;

/** One round: the measurements without and with the load. */
export type Round = { readonly without: readonly number[]; readonly with: readonly number[] };

export type Ratio = { readonly value: number; readonly low: number; readonly high: number };

const DRAWS = 2_000;

/** The percentile's ratio, with to without; 95 of 100 draws lie between `low` and `high`. */
export function ratioOf(rounds: readonly Round[], share: number): Ratio {
  const of = (those: readonly Round[]) =>
    percentile(
      those.flatMap((round) => round.with),
      share,
    ) /
    percentile(
      those.flatMap((round) => round.without),
      share,
    );
  const draws = Array.from({ length: DRAWS }, () =>
    of(rounds.map(() => rounds[Math.floor(Math.random() * rounds.length)] as Round)),
  );
  return { value: of(rounds), low: percentile(draws, 0.025), high: percentile(draws, 0.975) };
}

export function verdict({ low, high }: Ratio, most: number): string {
  if (high <= most) return `within ${most}`;
  return low > most ? `NOT within ${most}` : `not decided whether within ${most}: take more rounds`;
}

export const inWords = ({ value, low, high }: Ratio): string =>
  `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
