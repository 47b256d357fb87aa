// The callback servers, one for each subscription, on plain sockets: each request gets the next answer of the plan, and is
// recorded. A server that is down refuses connections.
import { createServer, type Server, type Socket } from 'node:net';
import { answerWith } from './answers.ts';
import { listening } from './listening.ts';
import type { Observed } from './met.ts';
import { type ParsedRequest, parseRequest } from './parse-request.ts';
import { type Answer, GOOD, type Plan } from './plan.ts';

export type Received = {
  readonly subscription: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Milliseconds of the run's clock. */
  readonly at: number;
  /** The whole request arrived. */
  readonly isWhole: boolean;
  /** Requests of the subscription that were open when it arrived, itself included. */
  readonly inFlight?: number;
  /** The status of the answer, when its head was sent. */
  status?: number;
  /** The value of the answer's Retry-After. */
  retryAfter?: string | undefined;
  /** When it was sent. */
  answeredAt?: number;
  /** When the answer was sent, or the connection ended. */
  endedAt?: number;
};

export type Receivers = {
  /** The requests of all receivers in their order of arrival. */
  readonly received: readonly Received[];
  urlOf(subscription: string): string;
  down(subscription: string): Promise<void>;
  up(subscription: string): Promise<void>;
  /** From now on every request gets 200, and every server is up. */
  calm(): Promise<void>;
  /** The answers that requests got, and the receivers that closed a connection without a request. */
  observed(): Pick<Observed, 'answers' | 'idled'>;
  /** Requests without an answer on open connections. */
  open(): number;
  close(): Promise<void>;
};

type Watch = (request: Received, open: readonly Received[]) => void;

/** Starts a server for each subscription. `watch` is called with each request and the subscription's open requests. */
export async function startReceivers(planned: Plan['subscriptions'], watch: Watch): Promise<Receivers> {
  const received: Received[] = [];
  let isCalm = false;
  const receivers = new Map<string, Receiver>();
  const given = new Map<string, Answer[]>();
  const idled = new Set<string>();
  for (const { id, answers, idleMs } of planned) {
    const left = [...answers];
    const used: Answer[] = [];
    given.set(id, used);
    const next = () => {
      const answer = isCalm ? GOOD : (left.shift() ?? GOOD);
      used.push(answer);
      return answer;
    };
    receivers.set(
      id,
      await startReceiver(
        { subscription: id, idleMs: () => (isCalm ? undefined : idleMs), onIdle: () => idled.add(id), next },
        received,
        watch,
      ),
    );
  }
  const of = (subscription: string): Receiver => {
    const receiver = receivers.get(subscription);
    if (receiver === undefined) throw new Error(`there is no receiver for ${subscription}`);
    return receiver;
  };
  return {
    received,
    urlOf: (subscription) => `http://127.0.0.1:${of(subscription).port}/${subscription}`,
    down: (subscription) => of(subscription).down(),
    up: (subscription) => of(subscription).up(),
    async calm() {
      isCalm = true;
      for (const receiver of receivers.values()) await receiver.up();
    },
    observed: () => ({ answers: given, idled }),
    open: () => [...receivers.values()].reduce((sum, { open }) => sum + open.size, 0),
    async close() {
      for (const receiver of receivers.values()) await receiver.down();
    },
  };
}

type Receiver = Awaited<ReturnType<typeof startReceiver>>;

type Behaviour = {
  readonly subscription: string;
  /** When to close a connection without a request. */
  idleMs(): number | undefined;
  onIdle(): void;
  readonly next: () => Answer;
};

async function startReceiver(
  { subscription, idleMs, onIdle, next }: Behaviour,
  all: Received[],
  watch: Watch,
) {
  const open = new Set<Received>();
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;

  function accept(socket: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    let answer: Answer | undefined;
    let pending = Buffer.alloc(0);
    let current: Received | undefined;
    let idling: NodeJS.Timeout | undefined;

    const idle = () => {
      const ms = idleMs();
      if (ms === undefined) return;
      idling = setTimeout(() => {
        onIdle();
        socket.destroy();
      }, ms);
    };
    const end = () => {
      if (current === undefined) return;
      current.endedAt = Date.now();
      open.delete(current);
      current = undefined;
      idle();
    };
    const begin = (parsed: ParsedRequest, isWhole: boolean) => {
      const { headers, body } = parsed;
      current = { subscription, headers, body, at: Date.now(), isWhole, inFlight: open.size + 1 };
      all.push(current);
      open.add(current);
      watch(current, [...open]);
    };
    const gone = () => {
      sockets.delete(socket);
      end();
      clearTimeout(idling);
    };
    socket.once('close', gone);
    // A reset by the function; or one of ours that comes while the connection ends, after which Node reports no `close`.
    socket.on('error', gone);
    // A half-closed connection lives until the function closes its half.
    socket.once('end', () => socket.end());
    socket.on('data', (chunk: Buffer) => {
      clearTimeout(idling);
      pending = Buffer.concat([pending, chunk]);
      answer ??= next();
      if (answer.kind === 'reset-at-connect') return void socket.resetAndDestroy();
      if (answer.kind === 'half-close-in-request') socket.end();
      const parsed = parseRequest(pending);
      if (parsed === undefined || current !== undefined) return;
      if (answer.kind === 'reset-in-request') {
        begin(parsed, parsed.rest !== undefined);
        return void socket.resetAndDestroy();
      }
      if (parsed.rest === undefined) return;
      pending = parsed.rest;
      begin(parsed, true);
      const now = answer;
      answer = undefined;
      answerWith(now, socket, {
        headSent(status, headers) {
          if (current === undefined) return;
          const retryAfter = headers?.['retry-after'];
          Object.assign(current, { status, answeredAt: Date.now(), ...(retryAfter && { retryAfter }) });
        },
        ended: end,
      });
    });
  }

  async function up(): Promise<void> {
    if (server !== undefined) return;
    server = createServer({ allowHalfOpen: true }, accept);
    await listening(server, port);
    const at = server.address();
    if (at !== null && typeof at === 'object') port = at.port;
  }

  await up();
  return {
    port,
    open,
    up,
    async down(): Promise<void> {
      const ending = server;
      server = undefined;
      for (const socket of sockets) socket.resetAndDestroy();
      if (ending !== undefined) await new Promise((resolve) => ending.close(resolve));
    },
  };
}
