// The cases of the comparison with other webhook senders.
export type Case = {
  readonly name: string;
  readonly messages: number;
  readonly perSecond: number | undefined;
  readonly fanOut: number;
  readonly answerMs: number;
  /**
   * Receivers beside the measured one. Dead ones refuse the connection, slow ones answer after 10 s. Healthy ones are the
   * control: what as much more work costs on this machine.
   */
  readonly beside?: {
    readonly kind: 'healthy' | 'dead' | 'slow';
    readonly count: number;
    /** Whether each of them gets as many messages as the measured one, or all together get as many. */
    readonly load: 'each' | 'together';
  };
};
const usual = { perSecond: undefined, fanOut: 1, answerMs: 0 } as const;
/** The healthy receiver without neighbours. */
export const ALONE = '25 a second';
const healthy = { ...usual, messages: 1_000, perSecond: 25 } as const;
const NEIGHBOURS = [
  { count: 1, load: 'each' },
  { count: 10, load: 'together' },
  { count: 10, load: 'each' },
] as const;
const KINDS = ['healthy', 'dead', 'slow'] as const;
const besideNeighbours: readonly Case[] = NEIGHBOURS.flatMap(({ count, load }) =>
  KINDS.map((kind) => ({
    ...healthy,
    name: `beside ${count} ${kind}${count === 1 ? '' : ` (as many ${load})`}`,
    beside: { kind, count, load },
  })),
);
export const CASES: readonly Case[] = [
  { ...usual, name: 'burst', messages: 20_000 },
  { ...usual, name: '100 a second', messages: 3_000, perSecond: 100 },
  { ...usual, name: 'callback of 50 ms', messages: 6_000, answerMs: 50 },
  { ...usual, name: 'callback of 500 ms', messages: 1_000, answerMs: 500 },
  { ...usual, name: 'fan-out of 10', messages: 2_000, fanOut: 10 },
  { ...usual, name: 'fan-out of 50', messages: 400, fanOut: 50 },
  { ...healthy, name: ALONE },
  ...besideNeighbours,
];
