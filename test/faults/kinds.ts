// The kinds of fault that plans have, by the names of CONTRIBUTING. A test draws a thousand plans and finds each of them.
import {
  type Answer,
  type CallFault,
  type Event,
  FAULTY_QUEUES,
  type Plan,
  type PlannedMessage,
  type Settings,
} from './plan.ts';

export type Kind = {
  readonly name: string;
  /** Kinds that a plan with this one alone has too: it is one of them, or it can't be met without them. */
  readonly brings?: readonly string[];
  isIn(plan: Plan): boolean;
};

const answers = (...kinds: readonly Answer['kind'][]) => answered(({ kind }) => kinds.includes(kind));
const answered = (isOne: (answer: Answer) => boolean) => (plan: Plan) =>
  plan.subscriptions.some((one) => one.answers.some(isOne));
const status = (from: number, to: number) =>
  answered((one) => one.kind === 'status' && one.status >= from && one.status <= to);
const calls =
  (kind: CallFault['kind'], isOne: (fault: CallFault) => boolean = () => true) =>
  (plan: Plan) =>
    plan.calls.some((one) => one.kind === kind && isOne(one));
const of =
  (...operations: readonly string[]) =>
  (fault: CallFault) =>
    operations.includes(fault.operation);
const events =
  (kind: Event['do'], isOne: (event: Event) => boolean = () => true) =>
  (plan: Plan) =>
    plan.events.some((one) => one.do === kind && isOne(one));
const jumps = (least: number) => events('jump', (one) => one.do === 'jump' && one.ms >= least);
const any =
  (...kinds: readonly ((plan: Plan) => boolean)[]) =>
  (plan: Plan) =>
    kinds.some((one) => one(plan));
const items = (isOne: (settings: Settings) => boolean) => (plan: Plan) =>
  plan.subscriptions.some(({ settings }) => isOne(settings));

/** A change of an item in which this field is another one. */
const changes = (field: (settings: Settings) => unknown) => (plan: Plan) =>
  plan.events.some((event) => {
    if (event.do !== 'change') return false;
    const before = plan.subscriptions.find(({ id }) => id === event.subscription)?.settings;
    return before !== undefined && JSON.stringify(field(before)) !== JSON.stringify(field(event.settings));
  });

const contents =
  (content: PlannedMessage['content']) =>
  ({ messages }: Plan) =>
    messages.some((one) => one.content === content);

const DYNAMODB = of(
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'Query',
  'BatchGetItem',
  'BatchWriteItem',
);
const SQS = of('SendMessage', 'SendMessageBatch', 'DeleteMessageBatch', 'ChangeMessageVisibilityBatch');
const WRITES = of('PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem');

/** What a subscription needs to have dead letters, and retries that wait on a queue. */
const LETTERS = ['4xx'];
const RETRIES = ['5xx', 'retries of a minute and more'];
const SENDS = [
  'SQS call fails',
  'SQS call is done and its answer lost',
  'SQS call is done by half',
  'SQS refuses entries',
  'slow call',
  'killed before a call',
  'killed after a call',
];

export const RECEIVER_KINDS: readonly Kind[] = [
  { name: 'down', isIn: events('receiver-down') },
  { name: 'slow', isIn: answered((one) => one.kind === 'status' && one.afterMs > 1_000) },
  { name: 'hanging', isIn: answers('hang') },
  { name: 'reset before the request', isIn: answers('reset-at-connect') },
  { name: 'reset in the request', isIn: answers('reset-in-request') },
  { name: 'reset before the answer', isIn: answers('reset-after-request') },
  { name: 'reset in the answer', isIn: answers('reset-in-answer') },
  { name: 'reset after the answer', isIn: answers('reset-after-answer') },
  { name: 'half-close in the request', isIn: answers('half-close-in-request') },
  { name: 'half-close after the request', isIn: answers('end-after-request') },
  { name: 'half-close in the answer', isIn: answers('end-in-answer') },
  { name: 'half-close with the answer', isIn: answers('half-close-with-answer') },
  { name: 'garbage', isIn: answers('garbage') },
  { name: '1xx, then an answer', isIn: answers('interim-then-ok') },
  { name: '1xx without end', isIn: answers('interim-flood') },
  { name: '101', isIn: answers('switching-protocols') },
  { name: 'bomb', isIn: answers('bomb') },
  { name: 'endless head or body', isIn: answers('endless-head', 'endless-body') },
  { name: '3xx', isIn: status(300, 399) },
  { name: '4xx', isIn: status(400, 499) },
  { name: '5xx', isIn: status(500, 599) },
  {
    name: '429 with Retry-After',
    brings: ['4xx'],
    isIn: answered(
      (one) => one.kind === 'status' && one.status === 429 && 'retry-after' in (one.headers ?? {}),
    ),
  },
  {
    name: 'idle connections closed',
    isIn: ({ subscriptions }) => subscriptions.some(({ idleMs }) => idleMs),
  },
];

export const FUNCTION_KINDS: readonly Kind[] = [
  { name: 'killed at a random time', isIn: events('kill') },
  { name: 'killed before a call', isIn: calls('kill-before') },
  { name: 'killed after a call', isIn: calls('kill-after') },
  {
    name: 'frozen beyond idle timeouts',
    brings: ['idle connections closed', 'idle connections to AWS closed'],
    isIn: (plan) =>
      events('freeze', (one) => one.do === 'freeze' && one.forMs > 200)(plan) &&
      (plan.awsIdleMs !== undefined || plan.subscriptions.some(({ idleMs }) => idleMs !== undefined)),
  },
  { name: 'short of time', brings: LETTERS, isIn: events('age') },
  { name: 'out of time', brings: ['clock that jumps forwards'], isIn: jumps(60_000) },
  { name: 'out of memory', isIn: events('out-of-memory') },
  { name: 'clock that jumps forwards', isIn: jumps(0) },
  {
    name: 'clock that jumps backwards',
    isIn: events('skew', (one) => one.do === 'skew' && one.ms.every((ms) => ms < 0)),
  },
  {
    name: 'clocks that differ',
    isIn: events('skew', (one) => one.do === 'skew' && new Set(one.ms).size > 1),
  },
  { name: 'redeploy', isIn: events('redeploy', (one) => one.do === 'redeploy' && !one.isAbrupt) },
  { name: 'abrupt redeploy', isIn: events('redeploy', (one) => one.do === 'redeploy' && one.isAbrupt) },
];

export const AWS_KINDS: readonly Kind[] = [
  { name: 'SQS call fails', isIn: calls('error', SQS) },
  { name: 'SQS call is throttled', isIn: calls('throttle', SQS) },
  { name: 'SQS call is done and times out', isIn: calls('late-answer', SQS) },
  { name: 'SQS call is done and its answer lost', isIn: calls('lost-answer', SQS) },
  { name: 'SQS call is done by half', isIn: calls('partly', SQS) },
  { name: 'SQS refuses entries', isIn: calls('partly-refused') },
  {
    name: 'sends to one queue fail',
    brings: [...SENDS, ...LETTERS, ...RETRIES],
    isIn: (plan) => FAULTY_QUEUES.some((name) => plan.calls.some(({ queue }) => queue === name)),
  },
  { name: 'SQS call is done twice', isIn: calls('twice', SQS) },
  { name: 'message received twice at once', isIn: calls('received-twice') },
  { name: 'deleted message received again', isIn: calls('undeleted') },
  {
    name: 'receive that fails or is lost',
    isIn: (plan) =>
      plan.calls.some((one) => one.operation === 'ReceiveMessage' && one.kind !== 'received-twice'),
  },
  { name: 'expired receipt', isIn: calls('expired-receipt') },
  { name: 'DynamoDB throttled', isIn: calls('throttle', DYNAMODB) },
  { name: 'DynamoDB call fails', isIn: calls('error', DYNAMODB) },
  { name: 'unprocessed items', isIn: calls('partly', of('BatchWriteItem')) },
  { name: 'unprocessed keys, short page', isIn: calls('partly', of('BatchGetItem', 'Query')) },
  { name: 'DynamoDB times out after it wrote', isIn: calls('late-answer', WRITES) },
  { name: 'slow call', isIn: calls('slow') },
  { name: 'idle connections to AWS closed', isIn: ({ awsIdleMs }) => awsIdleMs !== undefined },
  { name: 'secrets absent', isIn: events('secret-absent') },
  {
    name: 'secrets slow',
    brings: ['slow call'],
    isIn: any(calls('slow', of('GetSecretValue')), calls('late-answer', of('GetSecretValue'))),
  },
  {
    name: 'DNS silent',
    isIn: events('names-absent', (one) => one.do === 'names-absent' && one.how === 'silent'),
  },
  {
    name: 'name unknown',
    isIn: events('names-absent', (one) => one.do === 'names-absent' && one.how === 'unknown'),
  },
  {
    name: 'DNS fails',
    isIn: events('names-absent', (one) => one.do === 'names-absent' && one.how === 'failing'),
  },
  { name: 'DNS slow', isIn: events('names-slow') },
  { name: 'Kafka unreachable', brings: LETTERS, isIn: items(({ dlq }) => dlq === 'broken') },
  { name: 'endpoint absent', brings: LETTERS, isIn: events('endpoint-absent') },
];

export const ITEM_KINDS: readonly Kind[] = [
  { name: 'item changed', isIn: events('change') },
  { name: 'item broken', isIn: events('break') },
  { name: 'item deleted and put anew', isIn: events('delete') },
  { name: 'another qos', brings: ['item changed'], isIn: changes(({ qos }) => qos) },
  {
    name: 'another cap with an order by key',
    brings: ['item changed', 'another cap'],
    isIn: (plan) =>
      plan.events.some((event) => {
        const before = plan.subscriptions.find(
          ({ id }) => event.do === 'change' && id === event.subscription,
        );
        return (
          event.do === 'change' &&
          before?.settings.byKey === true &&
          event.settings.byKey &&
          before.settings.lanes !== event.settings.lanes
        );
      }),
  },
  { name: 'another cap', brings: ['item changed'], isIn: changes(({ lanes }) => lanes) },
  { name: 'another order', brings: ['item changed'], isIn: changes(({ byKey }) => byKey) },
  { name: 'another batch', brings: ['item changed'], isIn: changes(({ batch }) => batch) },
  { name: 'another rateLimit', brings: ['item changed'], isIn: changes(({ rateLimit }) => rateLimit) },
  { name: 'paused and resumed by hand', isIn: any(events('pause'), events('resume')) },
];

export const MESSAGE_KINDS: readonly Kind[] = [
  { name: 'bodies of almost 1 MiB', isIn: ({ messages }) => messages.some(({ bytes }) => bytes > 800_000) },
  {
    name: 'retries of a minute and more',
    brings: RETRIES,
    isIn: items(({ qos, retry }) => qos === 'auto' && Number(retry?.initialDelaySeconds) >= 60),
  },
  { name: 'all at once', isIn: ({ messages }) => messages.every(({ atMs }) => atMs <= 200) },
  { name: 'redriven', brings: LETTERS, isIn: ({ redrive }) => redrive === 'nothing' },
  {
    name: 'redriven with a fault',
    brings: LETTERS,
    isIn: ({ redrive = 'nothing' }) => redrive !== 'nothing',
  },
  { name: 'without an order', isIn: ({ messages }) => messages.every(({ ordered }) => !ordered) },
  { name: 'text', isIn: contents('text') },
  { name: 'text that counts as JSON', isIn: contents('no-json') },
  { name: 'binary', isIn: contents('binary') },
  {
    name: 'one group for a whole subscription',
    isIn: ({ messages, subscriptions }) =>
      subscriptions.some(({ id }) => {
        const own = messages.filter((one) => one.ordered && one.subscriptions.includes(id));
        return own.length >= 4 && new Set(own.map(({ key }) => key)).size === 1;
      }),
  },
];

/** Only with `--kafka`. */
export const KAFKA_KINDS: readonly Kind[] = [
  { name: 'Kafka killed', brings: LETTERS, isIn: events('broker-killed') },
  { name: 'Kafka killed and started at once', brings: LETTERS, isIn: events('broker-restarted') },
  { name: 'Kafka frozen', brings: LETTERS, isIn: events('broker-frozen') },
];

/** The kinds that plans may have. */
export const kindsOf = (kafka: boolean): readonly Kind[] => [
  ...RECEIVER_KINDS,
  ...FUNCTION_KINDS,
  ...AWS_KINDS,
  ...ITEM_KINDS,
  ...MESSAGE_KINDS,
  ...(kafka ? KAFKA_KINDS : []),
];
