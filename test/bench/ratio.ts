// Figures of a benchmark's rounds: median and spread, and the ratio of two series that were measured in turns.
export const percentile = (numbers: readonly number[], share: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ??
  Number.NaN;

/** The middle one, or the mean of the two middle ones. NaN if there is none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [low = Number.NaN, high = Number.NaN] = [
    sorted[Math.ceil(sorted.length / 2) - 1],
    sorted[Math.floor(sorted.length / 2)],
  ];
  return (low + high) / 2;
}

const NOT_MEASURED = 'not measured';

/** Prints the median, and the lowest and highest value, of those that were measured: a delay that never came is NaN. */
export function spread(numbers: readonly number[], digits = 0): string {
  const measured = numbers.filter((one) => !Number.isNaN(one));
  if (measured.length === 0) return NOT_MEASURED;
  const [middle, low, high] = [median(measured), Math.min(...measured), Math.max(...measured)];
  const rounds =
    measured.length < numbers.length ? `, in ${measured.length} of ${numbers.length} rounds` : '';
  return `${middle.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)}${rounds})`;
}

/** One round: the measurements without and with the load. */
export type Round = { readonly without: readonly number[]; readonly with: readonly number[] };

/** The ratio of the percentiles of each round, with to without. */
export const ratiosOf = (rounds: readonly Round[], share: number): readonly number[] =>
  rounds.map((round) => percentile(round.with, share) / percentile(round.without, share));

/** An interval by bootstrap says nothing about fewer rounds: it would come from a handful of combinations. */
const FEWEST_TO_DRAW = 10;
const DRAWS = 2_000;

type Drawn = { readonly value: number; readonly low: number; readonly high: number };

/**
 * The ratio of the percentiles of all rounds together, with an interval by bootstrap: 95 of 100 draws of the rounds, with
 * replacement, lie between `low` and `high`. Undefined: there are too few rounds.
 */
function drawn(rounds: readonly Round[], share: number): Drawn | undefined {
  if (rounds.length < FEWEST_TO_DRAW) return undefined;
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

/** Prints the ratios of the rounds. With ten rounds or more, also the ratio of all rounds together and its interval. */
export function ratioInWords(rounds: readonly Round[], share: number): string {
  const ofRounds = spread(ratiosOf(rounds, share), 2);
  const together = drawn(rounds, share);
  if (together === undefined) return ofRounds;
  const [value, low, high] = [together.value, together.low, together.high].map((one) => one.toFixed(2));
  return `${ofRounds}; of all rounds together ${value} (${low} to ${high} in 95 of 100 draws of the rounds)`;
}

/** Says whether the ratio is at most `most`: by the interval where there is one, otherwise by the median of the rounds. */
export function verdict(rounds: readonly Round[], share: number, most: number): string {
  if (rounds.length === 0) return NOT_MEASURED;
  const together = drawn(rounds, share);
  if (together !== undefined) {
    if (together.high <= most) return `within ${most}`;
    return together.low > most
      ? `NOT within ${most}`
      : `not decided whether within ${most}: take more rounds`;
  }
  const ratios = ratiosOf(rounds, share);
  const within = ratios.filter((ratio) => ratio <= most).length;
  return `${median(ratios) <= most ? '' : 'NOT '}within ${most} by the median, and in ${within} of ${ratios.length} rounds`;
}
