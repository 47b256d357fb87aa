// Calls redrive until it is done, and sums up the answers. A failed call is repeated with the same cursor, which makes the
// same deliveries.
import * as z from 'zod';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import { noCounts } from '#lib/redrive/tally.ts';

const counts = z.record(z.string(), z.number());

export const letterSchema = z.object({
  id: z.string(),
  subscription: z.string().optional(),
  topic: z.string().optional(),
  reason: z.string(),
  status: z.number().optional(),
  code: z.string().optional(),
  attempts: z.number().optional(),
  rounds: z.number().optional(),
  at: z.string(),
  bytes: z.number(),
  excerpt: z.string().optional(),
});

const answerSchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    done: z.boolean(),
    cursor: z.string().optional(),
    redriveId: z.string(),
    seen: z.number(),
    left: z.number(),
    matched: z.number(),
    sent: z.number(),
    skipped: counts,
    notes: z.array(z.string()).optional(),
    counts: z.object({ bySubscription: counts, byStatus: counts, byReason: counts }).optional(),
    sample: z.array(letterSchema).optional(),
  }),
  z.object({ ok: z.literal(false), faults: z.array(z.object({ path: z.string(), reason: z.string() })) }),
]);
type Answer = Extract<z.infer<typeof answerSchema>, { ok: true }>;

export type Total = Omit<Answer, 'ok' | 'done' | 'cursor' | 'notes' | 'counts' | 'sample'> & {
  calls: number;
  notes: string[];
  counts: NonNullable<Answer['counts']>;
  sample: NonNullable<Answer['sample']>;
};

export type LoopDeps = {
  readonly ask: (request: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** Called after each answer. */
  readonly onProgress: (total: Total) => void;
  readonly wait: (ms: number) => Promise<unknown>;
};

/** Repeats of a failed call. */
const TRIES = 3;
/** Consecutive calls without progress after which the command gives up. */
const IDLE_CALLS = 10;
const WAIT_MS = 2_000;

/** Runs the calls. When it can't go on, it ends the command and says how to continue. */
export async function redriveAll(
  request: Readonly<Record<string, unknown>> & { readonly redriveId: string; readonly sample: number },
  { ask, onProgress, wait }: LoopDeps,
): Promise<Total> {
  const total: Total = {
    redriveId: request.redriveId,
    calls: 0,
    seen: 0,
    left: 0,
    matched: 0,
    sent: 0,
    skipped: {},
    notes: [],
    counts: { bySubscription: noCounts(), byStatus: noCounts(), byReason: noCounts() },
    sample: [],
  };
  let cursor: string | undefined;
  for (let idle = 0; ; ) {
    const answer = await tried(cursor === undefined ? request : { ...request, cursor });
    addUp(total, answer, request.sample);
    onProgress(total);
    cursor = answer.cursor;
    if (cursor === undefined) return total;
    idle = answer.seen === 0 && answer.sent === 0 ? idle + 1 : 0;
    if (idle >= IDLE_CALLS) {
      throw new CommandFailed(
        `The redrive makes no progress: deliveries.fifo is too full, or SQS refuses messages. ${total.sent} were sent. Continue later with --redrive-id ${request.redriveId}.`,
      );
    }
    if (idle > 0) await wait(WAIT_MS);
  }

  async function tried(asked: Readonly<Record<string, unknown>>): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return answerIn(await ask(asked));
      } catch (error) {
        if (total.calls === 0 || !(error instanceof Error)) throw error;
        if (attempt < TRIES) await wait(WAIT_MS);
        else {
          const message = `${error.message}\n${total.sent} were sent before. Continue with --redrive-id ${request.redriveId}: within five minutes SQS removes repeated deliveries.`;
          throw new CommandFailed(message, 1, { cause: error });
        }
      }
    }
  }
}

function answerIn(value: unknown): Answer {
  const answer = answerSchema.parse(value);
  if (answer.ok) return answer;
  const lines = answer.faults.map(({ path, reason }) => `  ${path}: ${reason}`);
  throw new CommandFailed(`redrive refused the request:\n${lines.join('\n')}`);
}

function addUp(total: Total, answer: Answer, sample: number): void {
  total.calls += 1;
  total.seen += answer.seen;
  total.left = answer.left;
  total.matched += answer.matched;
  total.sent += answer.sent;
  add(total.skipped, answer.skipped);
  for (const note of answer.notes ?? []) if (!total.notes.includes(note)) total.notes.push(note);
  add(total.counts.bySubscription, answer.counts?.bySubscription);
  add(total.counts.byStatus, answer.counts?.byStatus);
  add(total.counts.byReason, answer.counts?.byReason);
  total.sample.push(...(answer.sample ?? []).slice(0, Math.max(0, sample - total.sample.length)));
}

function add(to: Record<string, number>, more: Readonly<Record<string, number>> = {}): void {
  for (const [name, by] of Object.entries(more)) to[name] = (to[name] ?? 0) + by;
}
