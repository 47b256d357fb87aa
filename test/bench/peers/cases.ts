// The cases of the comparison with other webhook senders.
export type Case = {
  readonly name: string;
  readonly messages: number;
  readonly perSecond: number | undefined;
  readonly fanOut: number;
  readonly answerMs: number;
  /**
   * Receivers beside the measured one, each with as many messages, at other times. Dead ones refuse the connection, slow ones
   * answer after 10 s. Healthy ones are the control: what as much more work costs on this machine.
   */
  readonly beside?: { readonly kind: 'healthy' | 'dead' | 'slow'; readonly count: number };
};
const usual = { perSecond: undefined, fanOut: 1, answerMs: 0 } as const;
/** The healthy receiver without neighbours. */
export const ALONE = '25 a second';
const healthy = { ...usual, messages: 1_000, perSecond: 25 } as const;
export const CASES: readonly Case[] = [
  { ...usual, name: 'burst', messages: 20_000 },
  { ...usual, name: '100 a second', messages: 3_000, perSecond: 100 },
  { ...usual, name: 'callback of 50 ms', messages: 6_000, answerMs: 50 },
  { ...usual, name: 'callback of 500 ms', messages: 1_000, answerMs: 500 },
  { ...usual, name: 'fan-out of 10', messages: 2_000, fanOut: 10 },
  { ...usual, name: 'fan-out of 50', messages: 400, fanOut: 50 },
  { ...healthy, name: ALONE },
  { ...healthy, name: 'beside one healthy', beside: { kind: 'healthy', count: 1 } },
  { ...healthy, name: 'beside ten healthy', beside: { kind: 'healthy', count: 10 } },
  { ...healthy, name: 'beside one dead', beside: { kind: 'dead', count: 1 } },
  { ...healthy, name: 'beside ten dead', beside: { kind: 'dead', count: 10 } },
  { ...healthy, name: 'beside one of 10 s', beside: { kind: 'slow', count: 1 } },
  { ...healthy, name: 'beside ten of 10 s', beside: { kind: 'slow', count: 10 } },
];
