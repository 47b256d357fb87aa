// Draws the faults of calls to AWS: which calls of which operation, and what happens to them. A call is counted when it
// arrives, so the n-th call of an operation meets its fault in every run of the seed.

import { type CallFault, FAULTY_QUEUES } from './plan.ts';
import type { Draw } from './random-draw.ts';

/** The operations, and the faults that each can have. Operations with much effect are named more often. */
const OPERATIONS: readonly (readonly [operation: string, ...more: readonly CallFault['kind'][]])[] = [
  ['SendMessageBatch', 'partly', 'partly-refused', 'twice'],
  ['SendMessageBatch', 'partly', 'partly-refused', 'twice'],
  ['SendMessage', 'twice'],
  ['DeleteMessageBatch', 'partly', 'twice', 'expired-receipt'],
  ['DeleteMessageBatch', 'partly', 'expired-receipt'],
  ['ChangeMessageVisibilityBatch', 'partly', 'expired-receipt'],
  ['BatchGetItem', 'partly'],
  ['GetItem'],
  ['PutItem'],
  ['PutItem'],
  ['UpdateItem'],
  ['UpdateItem'],
  ['DeleteItem'],
  ['Query', 'partly'],
  ['BatchWriteItem', 'partly', 'twice'],
  ['BatchWriteItem', 'partly', 'twice'],
  ['GetSecretValue'],
];

const ANY: readonly CallFault['kind'][] = [
  'error',
  'throttle',
  'lost-answer',
  'late-answer',
  'slow',
  'kill-before',
  'kill-after',
];

export function drawCalls({ chance, pick, whole }: Draw): CallFault[] {
  if (chance(0.15)) return [];
  const faults = Array.from({ length: whole(1, 6) }, (): CallFault => {
    const [operation, ...more] = pick(OPERATIONS);
    const kind = pick([...ANY, ...more]);
    const from = whole(1, chance(0.5) ? 5 : 25);
    const isKill = kind === 'kill-before' || kind === 'kill-after';
    return {
      kind,
      operation,
      // A function reads a secret once.
      from: operation === 'GetSecretValue' ? 1 : from,
      // A client makes a call three times; a call that fails for good is an event of its own.
      times: isKill ? 1 : kind === 'late-answer' ? 1 : pick([1, 1, 2, 3, 4]),
      pollers: !isKill && operation === 'DeleteMessageBatch' && chance(0.3),
    };
  });
  const receives = chance(0.3) ? [receiveFault({ pick, whole })] : [];
  const doubles = chance(0.4) ? [doubleReceive({ pick, whole })] : [];
  return [...faults, ...receives, ...doubles];
}

/** More than a client repeats, so the call fails for its caller. */
const FOR_GOOD = 4;

/**
 * Faults of calls that a fault of any call seldom meets: the first sends to one queue, and the first writes of backlog entries
 * and of long bodies.
 */
export function drawRareCalls({ chance, pick, whole }: Draw): CallFault[] {
  const fault = (operation: string, kinds: readonly CallFault['kind'][], latest = 3): CallFault => {
    const kind = pick(kinds);
    const times = kind === 'error' ? FOR_GOOD : 1;
    return { kind, operation, from: whole(1, latest), times, pollers: false };
  };
  const send = (latest?: number) =>
    fault(
      'SendMessageBatch',
      [
        'error',
        'partly-refused',
        'partly-refused',
        'partly',
        'lost-answer',
        'slow',
        'kill-before',
        'kill-after',
      ],
      latest,
    );
  const write = () =>
    fault('BatchWriteItem', ['error', 'partly', 'partly', 'lost-answer', 'kill-before', 'kill-after']);
  return [
    ...(chance(0.4) ? [{ ...send(), queue: pick(FAULTY_QUEUES) }] : []),
    // Of the sends of deliveries there are many: one that fails lets later ones of its group overtake, if nobody takes care.
    ...(chance(0.4) ? [{ ...send(10), queue: 'deliveries.fifo' as const }] : []),
    ...(chance(0.25) ? [write()] : []),
  ];
}

const receiveFault = ({ pick, whole }: Pick<Draw, 'pick' | 'whole'>): CallFault => ({
  kind: pick(['error', 'throttle', 'lost-answer']),
  operation: 'ReceiveMessage',
  from: whole(4, 20),
  times: whole(1, 2),
  pollers: true,
});

/** Messages of a standard queue that come again: while they are worked on, or after they were deleted. */
function doubleReceive({ pick, whole }: Pick<Draw, 'pick' | 'whole'>): CallFault {
  const kind = pick(['received-twice', 'undeleted'] as const);
  return {
    kind,
    operation: kind === 'undeleted' ? 'DeleteMessageBatch' : 'ReceiveMessage',
    // Calls for standard queues alone are counted for these faults.
    from: whole(1, kind === 'undeleted' ? 3 : 8),
    // Many receives find no message.
    times: kind === 'undeleted' ? whole(1, 4) : whole(4, 12),
    pollers: true,
  };
}
