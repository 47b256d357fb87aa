// Ways to break `bridge`, `redrive` and the dead letters of `deliver`, as those of mutations.ts.
import { type Mutation, often } from './mutation.ts';
import { REDRIVEN_AT_MOST_ONCE, REJECTED, REJECTED_TO_A_BROKEN_ENDPOINT } from './provoking-plans.ts';

export const LETTER_MUTATIONS: readonly Mutation[] = [
  {
    id: 'letter-not-confirmed',
    edits: [
      [
        'lib/queue/dead-letters.ts',
        "if (refused !== undefined) throw new NotConfirmed('dead-letters', refused);",
        'void refused;\n  void NotConfirmed;',
      ],
    ],
    breaks: ['lost'],
    calls: [{ ...often('partly-refused', 'SendMessageBatch'), queue: 'dead-letters' }],
  },
  {
    id: 'letter-twice',
    edits: [
      [
        'lib/queue/dead-letters.ts',
        'await queues.send(deadLettersQueueUrl, [{ body, attribute }]);',
        'await queues.send(deadLettersQueueUrl, [{ body, attribute }, { body, attribute }]);',
      ],
    ],
    breaks: ['misplaced'],
    plan: REJECTED,
  },
  {
    id: 'replays-without-an-id',
    edits: [
      ['lib/redrive/replay.ts', 'replayId: replayIdOf(redriveId, letter),', 'replayId: carried.replayId,'],
    ],
    breaks: ['lost', 'stuck'],
    plan: REDRIVEN_AT_MOST_ONCE,
  },
  {
    id: 'replay-id-at-random',
    edits: [
      [
        'lib/redrive/replay.ts',
        'short(JSON.stringify(letter), 22);',
        'short(JSON.stringify([...letter, Math.random()]), 22);',
      ],
    ],
    breaks: ['doubled'],
    // The redrive is cut off after its first send, and repeated.
    plan: { ...REDRIVEN_AT_MOST_ONCE, redrive: 'kill-after' },
  },
  {
    id: 'redrive-removes-before-it-sends',
    edits: [
      [
        'lib/redrive/redrive.ts',
        'source.leave(skipped);',
        'source.leave(skipped);\n      if (!dryRun) await source.settle(items);',
      ],
    ],
    breaks: ['lost'],
    plan: { ...REDRIVEN_AT_MOST_ONCE, redrive: 'kill-before' },
  },
  {
    id: 'redrive-in-reverse',
    edits: [['lib/redrive/send.ts', 'inOrder(a.letter, b.letter)', 'inOrder(b.letter, a.letter)']],
    breaks: ['out of order'],
    plan: REDRIVEN_AT_MOST_ONCE,
  },
  {
    id: 'replay-without-headers',
    edits: [['lib/redrive/replay.ts', '    attempt: 1,', '    headers: {},\n    attempt: 1,']],
    breaks: ['changed'],
    plan: REDRIVEN_AT_MOST_ONCE,
  },
  {
    id: 'kafka-failure-counts-as-taken',
    edits: [
      [
        'lib/bridge/kafka-publisher.ts',
        'return passed.map((one) => one ?? otherwise);',
        'return passed.map((one) => one ?? (otherwise && TAKEN));',
      ],
    ],
    breaks: ['lost'],
    plan: REJECTED_TO_A_BROKEN_ENDPOINT,
  },
  {
    id: 'letters-of-all-endpoints-together',
    edits: [
      [
        'lib/bridge/batch.ts',
        'Map.groupBy(letters, ({ letter }) => letter.endpoint);',
        "Map.groupBy(letters, () => letters[0]?.letter.endpoint ?? '');",
      ],
    ],
    breaks: ['misplaced'],
  },
];
