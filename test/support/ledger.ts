// The subscribers: they answer by script and record every request. Each config item puts its version into a header, so
// that a request shows under which QoS and lane count it was made.
import * as z from 'zod';
import type { Exchange, ExchangeRequest } from '#lib/callback/client.ts';
import { LocalFault } from '#lib/callback/local-fault.ts';
import { batchIdOf, type Members } from '#lib/deliver/request-batch.ts';

export type Answer =
  | {
      readonly status: number;
      readonly afterMs?: number;
      readonly retryAfter?: string;
      readonly delivery?: string;
    }
  /** `unsent`: no byte is written. `reset`: it follows the whole request. `kill`: the function is killed during it. */
  | { readonly unsent: true; readonly afterMs?: number }
  /** Nothing is written, because the function has no free socket. */
  | { readonly localFault: true; readonly afterMs?: number }
  | { readonly reset: true; readonly afterMs?: number }
  | { readonly kill: true };

export type Version = { readonly version: number; readonly qos: string; readonly lanes: number };

export type Request = Version & {
  readonly subscription: string;
  readonly messageId: string;
  /** The request's `webhook-id`: that of its batch, or of its only message. */
  readonly webhookId: string;
  readonly attempt: number;
  readonly at: number;
  /** The outcome; undefined while the request is under way, or when its invocation was killed. */
  status?: number;
  unsent?: true;
  endedAt?: number;
  /** The epoch of the pause, if the request is a probe. */
  readonly probe?: number;
};

export type Ledger = ReturnType<typeof createLedger>;

export const VERSION_HEADER = 'x-version';

export function createLedger(now: () => number) {
  const requests: Request[] = [];
  const open = new Map<string, Set<Request>>();
  const breaches: string[] = [];

  return {
    requests,
    /** Each moment at which more requests were open than the items under which they were made allow. */
    breaches,
    of: (subscription: string, messageId?: string): Request[] =>
      requests.filter(
        (request) =>
          request.subscription === subscription &&
          (messageId === undefined || request.messageId === messageId),
      ),
    /**
     * Records a request: an entry for each of its messages. `paused`: the subscription was paused when its batch began, and
     * still is.
     */
    begin(
      { headers, body, pool }: Pick<ExchangeRequest, 'headers' | 'body' | 'pool'>,
      paused?: { epoch: number; resumeAt: number | undefined },
    ): Members<Request> {
      const webhookId = headers['webhook-id'] ?? '';
      const [messageId, ...behind] =
        headers['webhook-batch'] === undefined ? [webhookId] : idsIn(headers, body);
      if (headers['webhook-batch'] !== undefined) checkBatch(pool.key, headers, [messageId, ...behind]);
      const [version = 0, qos = '', lanes = 1] = (headers[VERSION_HEADER] ?? '').split(' ');
      const request: Request = {
        subscription: pool.key,
        messageId,
        webhookId,
        attempt: Number(headers['webhook-attempt']),
        version: Number(version),
        qos: String(qos),
        lanes: Number(lanes),
        at: now(),
        ...(paused && { probe: paused.epoch }),
      };
      // While a pause waits for a person, no request may go out. During an outage only one probe may, and not before its time.
      if (paused && (paused.resumeAt ?? Number.POSITIVE_INFINITY) > now() + 1_000) {
        breaches.push(`${pool.key}: ${request.messageId} while it was paused`);
      }
      const probing = [...(open.get(pool.key) ?? [])].find(({ probe }) => probe === paused?.epoch);
      if (paused && probing) {
        breaches.push(`${pool.key}: ${request.messageId} probes beside ${probing.messageId}`);
      }
      const others = open.get(pool.key) ?? new Set();
      open.set(pool.key, others.add(request));
      const fellows = behind.map((id): Request => ({ ...request, messageId: id }));
      requests.push(request, ...fellows);
      const cap = Math.max(...[...others].map((one) => one.lanes));
      const same = [...others].filter((one) => one.version === request.version).length;
      if (others.size > cap || same > request.lanes) {
        const ids = [...others].map((one) => `${one.messageId} (v${one.version})`).join(', ');
        breaches.push(`${pool.key}: ${ids} at once, with ${request.lanes} lanes`);
      }
      return [request, ...fellows];
    },
    end(members: Members<Request>, { status, unsent }: Pick<Request, 'status' | 'unsent'> = {}): void {
      for (const request of members) {
        if (request.endedAt !== undefined) continue;
        request.endedAt = now();
        if (status !== undefined) request.status = status;
        if (unsent) request.unsent = unsent;
        open.get(request.subscription)?.delete(request);
      }
    },
  };

  function checkBatch(subscription: string, headers: Headers, ids: readonly string[]): void {
    if (headers['webhook-batch'] !== String(ids.length))
      breaches.push(`${subscription}: a batch of ${ids.length} says ${headers['webhook-batch']}`);
    if (new Set(ids).size < ids.length) breaches.push(`${subscription}: ${ids} has a message twice`);
    if (headers['webhook-id'] !== batchIdOf(ids))
      breaches.push(`${subscription}: ${ids} has another id than its messages say`);
  }
}

type Headers = ExchangeRequest['headers'];

/** Messages of the world have their id as body. */
const idsOfBodies = z.tuple([z.string()], z.string());
const idsOfEvents = z.tuple([z.object({ id: z.string() })], z.object({ id: z.string() }));

/** The ids of a batch's messages. */
function idsIn(headers: Headers, body: Uint8Array): Members<string> {
  const text = Buffer.from(body).toString();
  switch (headers['content-type']) {
    case 'application/x-ndjson':
      return idsOfBodies.parse(
        text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      );
    case 'application/cloudevents-batch+json': {
      const [first, ...others] = idsOfEvents.parse(JSON.parse(text));
      return [first.id, ...others.map(({ id }) => id)];
    }
    default:
      return idsOfBodies.parse(JSON.parse(text));
  }
}

/** A subscriber that answers for a batch: as it answers for the first message that it does not take. */
export function answerFor(members: Members<Request>, answer: (request: Request) => Answer): Answer {
  const answers = members.map(answer);
  const isTaken = (one: Answer) => 'status' in one && one.status >= 200 && one.status < 300;
  return answers.find((one) => !isTaken(one)) ?? answers[0] ?? { status: 200 };
}

/** An answer as the function receives it. */
export function exchangeOf(answer: Answer): Exchange {
  if ('localFault' in answer) throw new LocalFault('EMFILE');
  if ('unsent' in answer) return { kind: 'unsent', code: 'connection-refused', message: 'refused' };
  if (!('status' in answer)) return { kind: 'unknown', code: 'reset', message: 'reset' };
  const headers: Record<string, string> = {};
  if (answer.retryAfter !== undefined) headers['retry-after'] = answer.retryAfter;
  if (answer.delivery !== undefined) headers['webhook-delivery'] = answer.delivery;
  return { kind: 'answered', status: answer.status, headers, body: Buffer.alloc(0), truncated: false };
}
