// Two sets of figures that were taken in turns, and how surely one is so many times the other: the ratio of a percentile
// over all rounds, and how far it moves when the rounds are drawn again and again from those that there were.
export const percentile = (numbers: readonly number[], share: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ??
  Number.NaN;

/** The median, and from the lowest to the highest. */
export const spread = (numbers: readonly number[], digits = 0): string =>
  `${percentile(numbers, 0.5).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)})`;

/** One round: the figures without and with what is looked at. */
export type Round = { readonly without: readonly number[]; readonly with: readonly number[] };

export type Ratio = { readonly value: number; readonly low: number; readonly high: number };

const DRAWS = 2_000;

/** Of the percentile with to the one without; `low` to `high` holds 95 of 100 draws. */
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
