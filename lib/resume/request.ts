// Requests of a person about one subscription, or about all: status, resume, pause, or a command about a head or a held
// message. Each is checked strictly. answer.ts carries it out.
import * as z from 'zod';
import { NAMED_ID } from '#lib/message/webhook-id.ts';

const id = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters');
const messageId = z.string().regex(NAMED_ID, 'must be 1 to 128 visible ASCII characters');
const lane = z.number().int().min(0).max(19).optional();

export const requestSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('rules') }),
  z.strictObject({ subscription: id, action: z.literal('resume') }),
  z.strictObject({ subscription: id, action: z.literal('pause'), detail: z.string().max(500).optional() }),
  z
    .strictObject({
      subscription: id.optional(),
      action: z.literal('status'),
      cursor: id.optional(),
      limit: z.number().int().min(1).max(250).optional(),
    })
    .refine(
      ({ subscription, cursor, limit }) => subscription === undefined || (cursor ?? limit) === undefined,
      {
        path: ['subscription'],
        error: 'is one: leave cursor and limit out, or leave it out for all',
      },
    ),
  z.strictObject({ subscription: id, action: z.literal('look') }),
  z.strictObject({ subscription: id, action: z.literal('skip-head'), lane }),
  z.strictObject({ subscription: id, action: z.literal('dead-letter-head'), lane }),
  z.strictObject({
    subscription: id,
    action: z.literal('list-held'),
    limit: z.number().int().min(1).max(100).optional(),
    cursor: id.optional(),
  }),
  z.strictObject({
    subscription: id,
    action: z.literal('list-backlog'),
    lane,
    limit: z.number().int().min(1).max(100).optional(),
    cursor: z
      .string()
      .regex(/^\d{1,2}:\d{40}#[\x21-\x7e]{1,140}$/, 'must be the cursor of an answer')
      .optional(),
  }),
  z.strictObject({ subscription: id, action: z.literal('send-held'), messageId }),
  z.strictObject({ subscription: id, action: z.literal('discard-held'), messageId }),
]);

export type ResumeRequest = z.infer<typeof requestSchema>;

export type ResumeAnswer = {
  readonly ok: boolean;
  readonly message: string;
  readonly [name: string]: unknown;
};

/** Parses a request. The answer to an invalid one names every fault. */
export function parseResumeRequest(
  event: unknown,
): { ok: true; request: ResumeRequest } | { ok: false; answer: ResumeAnswer } {
  const parsed = requestSchema.safeParse(event);
  if (parsed.success) return { ok: true, request: parsed.data };
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the request'}: ${message}`,
  );
  return { ok: false, answer: { ok: false, message: `The request is not right. ${faults.join('. ')}` } };
}
