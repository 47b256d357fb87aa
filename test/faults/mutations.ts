// biome-ignore-all lint/suspicious/noTemplateCurlyInString: code as text
// Ways to break the product that seeds must notice: `npm run faults -- --mutations`. Those of test/mutations are named by
// their id. A mutation that only a rare order of events shows is left to the tests that test/mutations names.
import { LETTER_MUTATIONS } from './letter-mutations.ts';
import { known, type Mutation, often } from './mutation.ts';
import { planOfOne } from './plan-of-one.ts';
import { FILTERED_AT_MOST_ONCE, MOVE_BESIDE_A_BUSY_LANE, PARKED_LONG_TEXTS } from './provoking-messages.ts';
import {
  ASKED_TO_WAIT,
  DRAINS_BESIDE_ARRIVALS,
  FAILURES_IN_LANES,
  MORE_THAN_THE_RATE,
  NONE_UNAVAILABLE,
  OUTAGE_IN_A_REJECTED_BATCH,
  PARKED_LONG_BODIES,
  REJECTED_AFTER_A_LONG_RETRY,
  REMOVED_LANE_IN_SLICES,
  SELDOM_SLOW,
  SLOW_FAILURES_OF_A_KEY,
  SLOW_LANES,
  SLOW_SUCCESS,
  UNAVAILABLE_AT_THE_END,
  UNAVAILABLE_FOR_A_WHILE,
  UNKNOWN_AND_NO_LETTER,
  UNSENT_IN_A_GROUP,
  WITHOUT_FAULTS,
} from './provoking-plans.ts';

export const MUTATIONS: readonly Mutation[] = [
  {
    id: 'sends-twice',
    edits: [
      [
        'lib/deliver/attempt-loop.ts',
        'const attempted = await attempt(sending, circumstances, deps).finally(turn.end);',
        'await attempt(sending, circumstances, deps);\n    const attempted = await attempt(sending, circumstances, deps).finally(turn.end);',
      ],
    ],
    breaks: ['doubled'],
    plan: WITHOUT_FAULTS,
  },
  {
    id: 'delivered-is-sent-again',
    edits: [
      [
        'lib/deliver/policy.ts',
        "return { kind: 'done' };",
        "return history.retries === 0 ? { kind: 'retry', afterMs: 0 } : { kind: 'done' };",
      ],
    ],
    breaks: ['doubled'],
    plan: WITHOUT_FAULTS,
  },
  {
    id: 'ordered-retry-lets-others-pass',
    edits: [
      [
        'lib/deliver/pause.ts',
        "if (config.subscription.qos === 'auto' && (first.delivery.hops ?? 0) < deps.mostHops) {",
        'if ((first.delivery.hops ?? 0) < deps.mostHops) {',
      ],
    ],
    breaks: ['out of order'],
    plan: REJECTED_AFTER_A_LONG_RETRY,
  },
  {
    id: 'two-that-fail-in-a-lane',
    edits: [
      [
        'lib/deliver/lane-units.ts',
        'return Math.max(1, requestsInLane(',
        'return Math.max(2, requestsInLane(',
      ],
    ],
    breaks: ['out of order'],
    plan: SLOW_FAILURES_OF_A_KEY,
  },
  {
    id: 'slow-success-stops',
    edits: [
      [
        'lib/deliver/policy.ts',
        "return { kind: 'done' };",
        "return history.durationMs > 500 ? { kind: 'pause', reason: 'rejected', message: 'drop' } : { kind: 'done' };",
      ],
    ],
    breaks: ['stuck'],
    plan: SLOW_SUCCESS,
  },
  {
    id: 'no-claim',
    edits: [['lib/deliver/claim.ts', "{ absent: 'pk', ...ofNonce(nonce) },", 'undefined,']],
    breaks: ['doubled'],
  },
  {
    id: 'settles-before-the-request',
    edits: [
      [
        'lib/deliver/lane.ts',
        'const arrived = { sending,',
        'onSettled(records.length);\n  onSettled = () => {};\n  const arrived = { sending,',
      ],
    ],
    breaks: ['lost'],
  },
  {
    id: 'drains-outside-the-lane',
    edits: [
      [
        'lib/queue/tokens.ts',
        'groupId: groupOf(token.subscription, token.lane),',
        'groupId: `${groupOf(token.subscription, token.lane)}0`,',
      ],
    ],
    breaks: ['out of order', 'cap', 'doubled', 'stuck', 'lost'],
    plan: DRAINS_BESIDE_ARRIVALS,
  },
  {
    id: 'entries-are-not-written',
    edits: [
      [
        'lib/deliver/lane.ts',
        'await park(registration, lane, messages, deps);',
        'await park(registration, lane, messages.slice(0, 0), deps);',
      ],
    ],
    breaks: ['lost'],
  },
  {
    id: 'no-filter',
    edits: [
      ['lib/route/address.ts', 'const isPassed = isWanted(event, filter, steps);', 'const isPassed = true;'],
      [
        'lib/deliver/attempt-sending.ts',
        'if (!isWantedBy(subscription, message)) return',
        'if (deps.now() < 0) return',
      ],
    ],
    breaks: ['misplaced'],
  },
  {
    id: 'filters-after-the-claim',
    edits: [
      ['lib/route/address.ts', 'const isPassed = isWanted(event, filter, steps);', 'const isPassed = true;'],
      [
        'lib/deliver/attempt-sending.ts',
        'if (!isWantedBy(subscription, message)) return',
        "if (!(subscription.qos === 'at-most-once' && !subscription.batch) && !isWantedBy(subscription, message)) return",
      ],
      [
        'lib/deliver/attempt.ts',
        "import type { Turn } from '#lib/state/lane-turns.ts';",
        "import type { Turn } from '#lib/state/lane-turns.ts';\nimport { isWantedBy } from './wanted.ts';",
      ],
      [
        'lib/deliver/attempt.ts',
        '  await begin(turn, members, claims, deps);',
        "  if (!isWantedBy(subscription, members[0])) return 'duplicate';\n  await begin(turn, members, claims, deps);",
      ],
    ],
    breaks: ['misplaced'],
    isEachCall: true,
    plan: FILTERED_AT_MOST_ONCE,
  },
  {
    id: 'no-order',
    edits: [
      [
        'lib/subscription/subscription.ts',
        "(qos: Qos): boolean => qos === 'at-most-once' || qos === 'at-least-once';",
        '(qos: Qos): boolean => qos.length < 0;',
      ],
    ],
    breaks: ['out of order', 'cap'],
  },
  {
    id: 'no-cap',
    edits: [
      [
        'lib/deliver/lane-units.ts',
        'return Math.max(1, requestsInLane(',
        'return Math.max(8, requestsInLane(',
      ],
    ],
    breaks: ['cap', 'out of order'],
  },
  {
    id: 'two-in-a-lane',
    edits: [
      [
        'lib/deliver/lane-units.ts',
        'return Math.max(1, requestsInLane(',
        'return Math.max(2, requestsInLane(',
      ],
    ],
    breaks: ['out of order'],
    plan: SELDOM_SLOW,
  },
  {
    id: 'no-rate',
    edits: [
      [
        'lib/deliver/turns.ts',
        'rateLimit === undefined || lane >= laneCountIn(layout)',
        'rateLimit === undefined || lane >= 0',
      ],
    ],
    breaks: ['rate'],
    plan: MORE_THAN_THE_RATE,
  },
  {
    id: 'each-lane-has-the-whole-rate',
    edits: [
      [
        'lib/subscription/rate-limit.ts',
        '(layout.requests / Math.max(1, requestsInLane(lane, layout)))',
        '(layout.requests / layout.requests)',
      ],
    ],
    breaks: ['rate'],
    plan: MORE_THAN_THE_RATE,
  },
  {
    id: 'goes-on-after-a-pause',
    edits: [
      [
        'lib/deliver/attempt-sending.ts',
        'if (isPausedSince(registration.state, epoch)) return await leaveFrom(index);',
        'void epoch;',
      ],
    ],
    breaks: ['out of order'],
    plan: OUTAGE_IN_A_REJECTED_BATCH,
  },
  {
    id: 'publishers-group-ignored',
    edits: [
      [
        'lib/route/batch.ts',
        "(eventSourceARN.endsWith('.fifo') ? attributes.MessageGroupId : undefined) ?? messageId;",
        "(eventSourceARN === '' ? attributes.MessageGroupId : undefined) ?? messageId;",
      ],
    ],
    breaks: ['out of order'],
  },
  {
    id: 'arrivals-before-the-backlog',
    edits: [
      [
        'lib/deliver/settle.ts',
        'if (registration.state.lanes[lane] !== undefined && (isOrdered(qos) || rateLimit !== undefined))',
        'if (registration.state.lanes[lane] !== undefined && rateLimit !== undefined)',
      ],
    ],
    breaks: ['out of order'],
    plan: DRAINS_BESIDE_ARRIVALS,
  },
  {
    id: 'dropped-during-a-pause',
    edits: [
      [
        'lib/deliver/settle.ts',
        "  if (config.kind === 'invalid' || phaseOf(registration.state) !== 'going') return PARK;",
        "  if (config.kind === 'valid' && config.subscription.qos === 'none' && phaseOf(registration.state) !== 'going') {\n    onSettled(1);\n    return SETTLED;\n  }\n  if (config.kind === 'invalid' || phaseOf(registration.state) !== 'going') return PARK;",
      ],
    ],
    breaks: ['lost'],
  },
  {
    id: 'outage-not-due',
    edits: [
      [
        'lib/state/due.ts',
        'return pause.resumeAt === undefined ? undefined : Math.max(pause.resumeAt, ...untils);',
        'return undefined;',
      ],
      [
        'lib/state/due.ts',
        'return earliest(moveAt, Math.max(pause.since, lookedAt) + LOOK_MS);',
        'return pause.resumeAt === undefined ? Math.max(pause.since, lookedAt) + LOOK_MS : undefined;',
      ],
    ],
    breaks: ['stuck'],
    // The tokens of probes go through `retries`. Where they are lost, the sweep has to find the outage.
    calls: [{ ...often('error', 'SendMessageBatch'), queue: 'retries' }],
  },
  {
    id: 'outage-an-hour-late',
    edits: [
      [
        'lib/state/due.ts',
        'return pause.resumeAt === undefined ? undefined : Math.max(pause.resumeAt, ...untils);',
        'return pause.resumeAt === undefined ? undefined : Math.max(pause.resumeAt, ...untils) + 3_600_000;',
      ],
      [
        'lib/state/due.ts',
        'return earliest(moveAt, Math.max(pause.since, lookedAt) + LOOK_MS);',
        'return pause.resumeAt === undefined ? Math.max(pause.since, lookedAt) + LOOK_MS : undefined;',
      ],
    ],
    breaks: ['stuck'],
    plan: UNAVAILABLE_AT_THE_END,
  },
  {
    id: 'auto-is-held',
    edits: [
      [
        'lib/deliver/policy.ts',
        "if (mayBeSentAgain(outcome, rules)) return 'keep';",
        "if (rules.qos !== 'auto' && mayBeSentAgain(outcome, rules)) return 'keep';",
      ],
    ],
    breaks: ['misplaced'],
    plan: UNAVAILABLE_FOR_A_WHILE,
  },
  {
    id: 'held-without-body',
    edits: [
      [
        'lib/state/held.ts',
        'putBodies([{ key, body }], fate.at, { stateTable });',
        "putBodies([{ key, body: '' }], fate.at, { stateTable });",
      ],
    ],
    breaks: ['changed'],
  },
  {
    id: 'first-part-of-a-body',
    edits: [
      [
        'lib/state/body-parts.ts',
        "return Buffer.concat(bytes).toString('utf8');",
        "return Buffer.concat(bytes.slice(0, 1)).toString('utf8');",
      ],
    ],
    breaks: ['changed', 'lost', 'stuck'],
    plan: PARKED_LONG_BODIES,
  },
  {
    id: 'parts-decoded-alone',
    edits: [
      [
        'lib/state/body-parts.ts',
        "return Buffer.concat(bytes).toString('utf8');",
        "return bytes.map((one) => Buffer.from(one).toString('utf8')).join('');",
      ],
    ],
    breaks: ['changed'],
    plan: PARKED_LONG_TEXTS,
  },
  {
    id: 'move-ends-after-its-first-lane',
    edits: [
      [
        'lib/state/lane-move.ts',
        'if (from.length > 0) return { ...state, move: { ...move, from, moved } };',
        'void from;',
      ],
    ],
    breaks: ['out of order'],
    plan: MOVE_BESIDE_A_BUSY_LANE,
  },
  {
    id: 'unknown-outcome-releases-the-claim',
    edits: [
      [
        'lib/deliver/claims.ts',
        "outcome.kind === 'unsent'",
        "outcome.kind === 'unsent' || outcome.kind === 'unknown'",
      ],
    ],
    breaks: ['doubled'],
    plan: UNKNOWN_AND_NO_LETTER,
  },
  {
    id: 'move-by-message-id',
    edits: [
      [
        'lib/deliver/move-lane.ts',
        'laneFor(delivery, { requests: lanes, several: false, byKey: true })',
        'laneFor({ key: undefined, messageId: delivery.messageId }, { requests: lanes, several: false, byKey: true })',
      ],
    ],
    breaks: ['out of order'],
    plan: MOVE_BESIDE_A_BUSY_LANE,
  },
  {
    id: 'repeat-without-another-deduplication-id',
    edits: [
      [
        'lib/message/lane.ts',
        'JSON.stringify([subscription, messageId, sends, replayId ?? null])',
        'JSON.stringify([subscription, messageId, replayId ?? null])',
      ],
    ],
    breaks: ['lost'],
  },
  {
    id: 'next-turn-from-the-early-send',
    edits: [['lib/state/rate-part.ts', 'dueAt = turn + intervalMs;', 'dueAt = sentAt + intervalMs;']],
    breaks: ['rate'],
    plan: MORE_THAN_THE_RATE,
  },
  {
    id: 'failed-wave-drops-the-rest',
    edits: [['lib/route/batch.ts', '[...left, ...rest.slice(taken)]', 'left']],
    breaks: ['lost'],
    plan: UNSENT_IN_A_GROUP,
  },
  {
    id: 'removed-lane-forgets-the-rest',
    edits: [
      [
        'lib/deliver/removed-lane.ts',
        'removeEntries(registration.id, lane, moved, deps)',
        'removeEntries(registration.id, lane, entries, deps)',
      ],
    ],
    breaks: ['lost'],
    plan: REMOVED_LANE_IN_SLICES,
  },
  {
    id: 'line-breaks-in-ndjson',
    edits: [
      [
        'lib/deliver/batch-format.ts',
        "return json && !bytes.includes('\\n') && !bytes.includes('\\r') ? bytes : undefined;",
        'return json && bytes;',
      ],
    ],
    breaks: ['changed'],
  },
  {
    id: 'none-is-sent-again',
    edits: [
      [
        'lib/deliver/policy.ts',
        "case 'none':\n      return false;",
        "case 'none':\n      return outcome.kind !== 'delivered';",
      ],
    ],
    breaks: ['doubled'],
    plan: NONE_UNAVAILABLE,
  },
  {
    id: 'claims-live-a-minute',
    edits: [
      [
        'lib/deliver/claim.ts',
        'Math.floor(now / 1000) + claimsLiveSeconds;',
        'Math.floor(now / 1000) + Math.min(claimsLiveSeconds, 60);',
      ],
    ],
    breaks: ['doubled'],
    isEachCall: true,
    plan: planOfOne({ settings: { qos: 'at-most-once' }, answers: [], messages: 4, everyMs: 50 }),
  },
  {
    id: 'retry-after-ignored',
    edits: [
      ['lib/deliver/policy.ts', 'Math.max(delayMs, retryAfterMs ?? 0);', 'Math.max(delayMs, 0);'],
      ['lib/deliver/policy.ts', '...(retryAfterMs !== undefined && { afterMs: retryAfterMs }),', ''],
    ],
    breaks: ['too early'],
    plan: ASKED_TO_WAIT,
  },
  ...LETTER_MUTATIONS,
  known('lane-over-cap', ['cap'], { plan: SLOW_LANES }),
  known('unsettled-in-the-middle', ['lost'], { plan: FAILURES_IN_LANES }),
  known('refused-in-a-wave', ['lost'], { calls: [often('partly-refused', 'SendMessageBatch')] }),
  known('unprocessed-entries', ['lost'], { calls: [often('partly', 'BatchWriteItem')] }),
];
