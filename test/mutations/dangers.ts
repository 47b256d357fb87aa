// biome-ignore-all lint/suspicious/noTemplateCurlyInString: code as text
// What went wrong with an earlier design, by the numbers that stand in the tests' names: for each danger its answer in
// the code, how to take that away, and the tests that fail then. `npm run test:mutations` takes each away in turn;
// test/unit/dangers.test.ts holds this list and the code together.

export type Danger = {
  readonly id: string;
  /** What a user would see without the answer. */
  readonly danger: string;
  /** Each text is in its file once, and is replaced by the other. More than one where one answer stands behind another. */
  readonly edits: readonly (readonly [file: string, from: string, to: string])[];
  /** Below test/unit/, and the start of a test's name. */
  readonly tests: readonly (readonly [file: string, name: string])[];
};

export const DANGERS: readonly Danger[] = [
  {
    id: 'S7',
    danger: 'an entry is written before the pause: a crash between leaves a backlog that nobody looks for',
    edits: [
      [
        'lib/deliver/act.ts',
        '    // The flag first: a crash after it finds the subscription stopped and the message still in its place.\n',
        "    if (fate === 'keep') await park(run, going.lane, [message], deps);\n",
      ],
    ],
    tests: [['deliver/park', 'the flag is written before the entry']],
  },
  {
    id: 'S8 number',
    danger: 'a token that comes twice, late or from an earlier drain drains too: tokens breed',
    edits: [
      [
        'lib/deliver/drain.ts',
        'run.state.lanes[lane]?.drain !== token.drain ||',
        'run.state.lanes[lane] === undefined ||',
      ],
    ],
    tests: [['queue/tokens', 'a token that comes twice']],
  },
  {
    id: 'S8 lost',
    danger: 'a token that is lost leaves its lane stuck for ever',
    edits: [
      ['lib/state/lanes.ts', 'closed.until > now) return undefined;', 'closed.until > 0) return undefined;'],
    ],
    tests: [['queue/tokens', 'a lost token is missed after two minutes']],
  },
  {
    id: 'S9 pace',
    danger: 'a dependency that is away has every message received again at full speed',
    edits: [
      [
        'lib/queue/hand-back.ts',
        'Math.min(firstSeconds * 2 ** (Number(attributes.ApproximateReceiveCount) - 1), longestSeconds)',
        '0 * attributes.ApproximateReceiveCount.length * firstSeconds * longestSeconds',
      ],
    ],
    tests: [['deliver/poison', 'for two minutes: nobody is paused, nothing is lost, and nothing goes round']],
  },
  {
    id: 'S9 blame',
    danger: 'a message that came often because AWS was away is taken for one that crashes the function',
    edits: [
      [
        'lib/deliver/crashing.ts',
        'const result = await workLane([first], runs, bounds, deps);\n    await forgetStarts(record.messageId, deps);',
        'const result = await workLane([first], runs, bounds, deps);',
      ],
    ],
    tests: [['deliver/poison', 'nor to a message from the queue']],
  },
  {
    id: 'S10',
    danger: 'an entry that kills the function is drained for ever, since its token is blamed',
    edits: [
      [
        'lib/deliver/drain.ts',
        'if (!bounds.suspicious) return await tries',
        'if (bounds) return await tries',
      ],
    ],
    tests: [
      ['deliver/poison', 'is a dead letter where there is a dlq'],
      ['deliver/poison', 'without a dlq stops the subscription as crashing'],
    ],
  },
  {
    id: 'S13',
    danger: 'lanes that a smaller cap has done away with go on sending',
    edits: [
      ['lib/deliver/settle.ts', 'if (lane >= lanesOf(config)) return move', 'if (lane < 0) return move'],
    ],
    tests: [['deliver/items', 'POST nothing that is still routed to them']],
  },
  {
    id: 'S13 backlog',
    danger: 'the backlog of a lane that is no more is sent beside the others',
    edits: [
      [
        'lib/deliver/drain.ts',
        'if (lane >= lanesOf(config)) await emptyInto',
        'if (lane < 0) await emptyInto',
      ],
    ],
    tests: [['deliver/items', 'move their backlog and what is still in the queue']],
  },
  {
    id: 'S16',
    danger: 'a 410 stops a subscription that has a dlq',
    edits: [
      [
        'lib/deliver/policy.ts',
        "      if (rules.dlq) return { kind: 'dead-letter', endpoint: rules.dlq.endpoint };\n      return {\n        kind: 'pause',",
        "      if (rules.dlq && outcome.status !== 410) return { kind: 'dead-letter', endpoint: rules.dlq.endpoint };\n      return {\n        kind: 'pause',",
      ],
    ],
    tests: [['deliver/outage', '410 with a dlq is a dead letter']],
  },
  {
    id: 'S18 item',
    danger: 'an item that is put right leaves its subscription paused, though nothing is wrong any more',
    edits: [
      [
        'lib/state/machine.ts',
        'return state.pause?.itemHash === itemHash ? undefined : opened(state);',
        'return undefined;',
      ],
    ],
    tests: [
      ['deliver/items', 'goes on by itself within ten minutes'],
      ['deliver/items', 'goes on at once when a message comes'],
    ],
  },
  {
    id: 'S18 same item',
    danger: 'any put resumes, also of the very item that it paused on',
    edits: [
      [
        'lib/state/machine.ts',
        'return state.pause?.itemHash === itemHash ? undefined : opened(state);',
        'return opened(state);',
      ],
    ],
    tests: [['deliver/items', 'stays when the same item is put again']],
  },
  {
    id: 'S18 endpoint',
    danger: 'an endpoint that is put resumes nobody who missed it, or one that is missing is not missed',
    edits: [
      [
        'lib/state/registration.ts',
        'if (fault === undefined) return reading;',
        'if (fault !== undefined) return reading;\n  if (fault === undefined) return reading;',
      ],
    ],
    tests: [
      ['deliver/endpoints', 'is paused as invalid-config'],
      ['deliver/endpoints', 'an endpoint that is removed later'],
    ],
  },
  {
    id: 'S19',
    danger: 'a healthy callback that is too slow fills the part of the queue that SQS looks through',
    edits: [['lib/deliver/lag.ts', 'return ageMs > lagSeconds * 1000 && gapMs', 'return ageMs < 0 && gapMs']],
    tests: [['resume/sweep', 'a lane that is healthy but too slow']],
  },
  {
    id: 'S20',
    danger: 'a long slice keeps what arrives in the queue behind its token',
    edits: [['lib/deliver/drain.ts', 'deps.now() + deps.sliceMs', 'deps.now() + 10 * deps.sliceMs']],
    tests: [['queue/tokens', 'a slice ends after five seconds']],
  },
  {
    id: 'S21',
    danger: 'a thousand subscriptions that come back at once take all that deliver has',
    edits: [
      [
        'lib/resume/sweep.ts',
        'const room = budget - swept.started;',
        'const room = Number.POSITIVE_INFINITY;',
      ],
    ],
    tests: [['resume/sweep', 'a sweep starts as many drains as its budget']],
  },
  {
    id: 'N1 lane',
    danger: 'every lane of an outage probes',
    edits: [
      ['lib/deliver/drain.ts', 'return lane === probeLane(state) && now', 'return lane >= 0 && now'],
      ['lib/deliver/run.ts', 'if (lane === probeLane(run.state) && notBefore', 'if (lane >= 0 && notBefore'],
    ],
    tests: [['deliver/outage', 'five lanes that fail at once']],
  },
  {
    id: 'N1 failures',
    danger: 'five failures of one outage double its wait five times',
    edits: [
      [
        'lib/state/machine.ts',
        "if (state.epoch !== failure.epoch || !counts('failed', state))",
        "if (!counts('failed', state))",
      ],
    ],
    tests: [
      ['state/machine', 'N failures of one outage are one'],
      ['deliver/outage', 'five lanes that fail at once'],
    ],
  },
  {
    id: 'N1 success',
    danger: 'an old, slow success opens a newer outage',
    edits: [
      [
        'lib/state/machine.ts',
        "state.epoch === epoch && counts('went-well', state)",
        "epoch >= 0 && counts('went-well', state)",
      ],
    ],
    tests: [['deliver/outage', 'nor does one that was under way in the same batch']],
  },
  {
    id: 'N2',
    danger: 'a lone 503 stops an ordered lane until the next sweep',
    edits: [
      [
        'lib/deliver/attempt-loop.ts',
        "if (action.kind !== 'retry' || !mayStart(deps.now() + action.afterMs)) {",
        'if (action.kind !== undefined) {',
      ],
    ],
    tests: [
      ['deliver/outage', 'a lone 503 is no pause'],
      ['deliver/outage', 'a retry whose delay fits'],
    ],
  },
  {
    id: 'N4 clear',
    danger: 'a deleted subscription leaves its backlog for whoever takes its id',
    edits: [
      ['lib/resume/check-subscription.ts', '< deps.unsubscribedAfterMs)', '< Number.POSITIVE_INFINITY)'],
    ],
    tests: [
      ['deliver/items', 'that stays away is cleared'],
      ['resume/expiry', 'is undeliverable as unsubscribed within hours'],
    ],
  },
  {
    id: 'N4 grace',
    danger: 'an item that is deleted and put again a moment later loses what waited',
    edits: [['lib/resume/check-subscription.ts', '< deps.unsubscribedAfterMs)', '< 0)']],
    tests: [['deliver/items', 'that is back within the hour']],
  },
  {
    id: 'N5',
    danger: 'a held message counts as backlog, and its lane never opens again',
    edits: [['lib/state/keys.ts', 'pk: `held#${part(subscription)}`', 'pk: `lane#${part(subscription)}#0`']],
    tests: [['state/held', 'what was sent and failed is held']],
  },
  {
    id: 'N8 order',
    danger: 'a backlog is in the order of its numbers as texts: 10 before 9',
    edits: [
      ['lib/state/keys.ts', "`${sequence.padStart(40, '0')}#${messageId}`", '`${sequence}#${messageId}`'],
    ],
    tests: [['deliver/park', 'entries are in the order of their numbers']],
  },
  {
    id: 'N8 identity',
    danger: 'a queue that begins to count anew has a message take another’s place in the backlog',
    edits: [
      [
        'lib/state/keys.ts',
        "`${sequence.padStart(40, '0')}#${messageId}`",
        "`${sequence.padStart(40, '0')}#${messageId.slice(0, 0)}`",
      ],
    ],
    tests: [['deliver/park', 'two messages with one number are two']],
  },
  {
    id: 'N9 pages',
    danger: 'the sweep sees the first page of its index and no other',
    edits: [
      [
        'lib/state/due.ts',
        'ExclusiveStartKey = page.LastEvaluatedKey;\n  } while',
        'ExclusiveStartKey = undefined;\n  } while',
      ],
    ],
    tests: [['resume/sweep', 'within the budget everything that is due is found']],
  },
  {
    id: 'N9 shards',
    danger: 'every pause writes to one partition of the index',
    edits: [
      [
        'lib/state/due.ts',
        "hash('sha256', subscription, 'buffer').readUInt8(0) % SHARDS",
        "hash('sha256', subscription, 'buffer').readUInt8(0) % 1",
      ],
    ],
    tests: [['resume/sweep', 'a thousand paused subscriptions are in all shards']],
  },
  {
    id: 'N10',
    danger: 'what a busy partition leaves unwritten is taken for parked, and lost',
    edits: [
      [
        'lib/state/entries.ts',
        'left = UnprocessedItems?.[stateTable] ?? [];',
        'left = UnprocessedItems?.[stateTable]?.slice(0, 0) ?? [];',
      ],
    ],
    tests: [['deliver/park', 'what DynamoDB leaves of a batch is written again']],
  },
  {
    id: 'N11 backlog',
    danger: 'a backlog behind a stop has no end',
    edits: [
      [
        'lib/resume/check-subscription.ts',
        'if (oldestAt === undefined || oldestAt > now - deps.retentionMs) continue;',
        'if (oldestAt !== 0) continue;',
      ],
    ],
    tests: [['resume/sweep', 'after the days of the deployment what waits']],
  },
  {
    id: 'N11 held',
    danger: 'what is held has no end',
    edits: [['lib/resume/expiry.ts', 'const before = now - deps.retentionMs;', 'const before = 0;']],
    tests: [
      ['resume/expiry', 'is a dead letter with a dlq'],
      ['resume/expiry', 'is undeliverable without one'],
    ],
  },
  {
    id: 'N11 told',
    danger: 'nobody can see how much waits, and since when',
    edits: [
      [
        'lib/resume/check-subscription.ts',
        'if (looksAtWaiting) await lookAtWaiting();',
        'if (!looksAtWaiting && looksAtHeld) await lookAtWaiting();',
      ],
    ],
    tests: [['resume/sweep', 'the state tells how much waits']],
  },
  {
    id: 'N12',
    danger: 'one message that always fails keeps an unordered subscription stopped for ever',
    edits: [['lib/deliver/act.ts', 'head.probes >= PROBES_OF_ONE_HEAD;', 'head.probes < 0;']],
    tests: [['deliver/outage', 'on auto gets out of the way']],
  },
  {
    id: 'N13',
    danger: 'a drain that dies locks its lane for the queue’s whole visibility timeout',
    edits: [
      [
        'lib/deliver/batch.ts',
        'records.map(({ receiptHandle }) => ({ receiptHandle, seconds })),\n  );\n  const ours',
        'records.map(({ receiptHandle }) => ({ receiptHandle, seconds: seconds * 4 })),\n  );\n  const ours',
      ],
    ],
    tests: [['queue/tokens', 'a drain that dies locks its lane']],
  },
];
