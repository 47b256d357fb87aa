// The random choices of a plan.
import { createRandom, type Random } from '#test/support/agenda.ts';

export type Draw = {
  readonly random: Random;
  pick<T>(list: readonly T[]): T;
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number;
  /** True in this share of the cases. */
  chance(share: number): boolean;
};

const PARTS = [
  'subscriptions',
  'answers',
  'messages',
  'calls',
  'events',
  'idle',
  'broker',
  'long bodies',
  'redrive',
  'rare calls',
  'rejections',
  'rare circumstances',
  'one group',
  'contents',
  'bursts',
  'running',
  'occasions',
] as const;

/** Makes the choices of one part of a seed's plan. */
export function drawOf(seed: number, part: (typeof PARTS)[number]): Draw {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) + PARTS.indexOf(part) * 7_919);
  return {
    random,
    pick<T>(list: readonly T[]): T {
      return list[Math.floor(random() * list.length)] as T;
    },
    whole: (least, most) => least + Math.floor(random() * (most - least + 1)),
    chance: (share) => random() < share,
  };
}
