// A person's request to redrive, parsed strictly: all faults at once, each with its path and what to do.

import * as z from 'zod';
import type { Fault } from '#lib/item/fault.ts';
import { readField } from '#lib/item/fault.ts';
import { field, titled, wholeNumber } from '#lib/item/field.ts';
import { isObject } from '#lib/item/json.ts';
import { OUTCOMES } from '#lib/message/attribute.ts';
import { idsToFind, NAMED_ID } from '#lib/message/webhook-id.ts';
import { type Cursor, decodeCursor, fingerprintOf } from './cursor.ts';
import type { Filter } from './select.ts';

export type RedriveRequest = {
  /** Name of an endpoint, or `undeliverable`. */
  readonly endpoint: string;
  readonly filter: Filter;
  /** First offset for each named partition of a Kafka topic; other partitions are not read then. */
  readonly offsets: ReadonlyMap<number, bigint> | undefined;
  /** Letters at most, over all calls of the cursor. */
  readonly limit: number | undefined;
  readonly ratePerSecond: number | undefined;
  readonly dryRun: boolean;
  readonly includeUnknown: boolean;
  /** Whether letters of the named subscription are replayed although its `dlq` is another endpoint now. */
  readonly movedDlq: boolean;
  readonly redriveId: string | undefined;
  /** Letters that a dry run shows. */
  readonly sample: number;
  /** Seconds that one call works at most; undefined: as long as the function may run. */
  readonly maxSeconds: number | undefined;
  readonly cursor: Cursor | undefined;
  /** Identifies the request that a cursor belongs to. */
  readonly fingerprint: string;
};

const VISIBLE = 'must be 1 to 128 visible ASCII characters, without spaces';
const id = () => z.string().regex(/^[\x21-\x7e]{1,128}$/, VISIBLE);
const messageId = () => z.string().regex(NAMED_ID, VISIBLE);

const time = (description: string) =>
  titled(
    z.iso
      .datetime({
        offset: true,
        error: ({ code }) =>
          code === 'invalid_format'
            ? 'must be a time with its zone, such as 2026-11-25T08:00:00Z'
            : undefined,
      })
      .transform((text) => Date.parse(text))
      .optional(),
    'Time',
    description,
  );

/** One value or a list of values, any of which may match. */
const anyOf = <S extends z.ZodType>(one: S, most: number) =>
  z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(one).min(1).max(most).optional(),
  );

const STATUS = 'must be a status such as 410, or a class such as "4xx"';
const status = () =>
  z.union([wholeNumber(100, 599), z.string().regex(/^[1-5]xx$/, STATUS)], { error: STATUS });

const partitionNumbers: z.core.CheckFn<Record<string, number>> = ({ value, issues }) => {
  for (const key of Object.keys(value)) {
    if (/^\d{1,6}$/.test(key)) continue;
    issues.push({ code: 'custom', input: value, path: [key], message: 'must be a partition, such as "0"' });
  }
};

const requestSchema = field(() =>
  z.strictObject({
    endpoint: titled(id(), 'Endpoint', "An endpoint's name, or undeliverable."),
    topic: z.string().min(1).max(256).optional(),
    subscription: id().optional(),
    reason: anyOf(z.string().min(1).max(64), 20),
    outcome: anyOf(z.enum(OUTCOMES), OUTCOMES.length),
    status: anyOf(status(), 50),
    from: time('Letters that became so at this time or later.'),
    to: time('Letters that became so before this time.'),
    ids: z.array(messageId()).min(1).max(1_000).optional(),
    offsets: z
      .record(z.string(), z.number().int().min(0).max(Number.MAX_SAFE_INTEGER))
      .check(partitionNumbers)
      .optional(),
    limit: wholeNumber(1, 10_000_000).optional(),
    ratePerSecond: wholeNumber(1, 10_000).optional(),
    dryRun: z.boolean().default(false),
    includeUnknown: z.boolean().default(false),
    movedDlq: z.boolean().default(false),
    redriveId: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens and underscores')
      .optional(),
    sample: wholeNumber(0, 1_000).default(10),
    maxSeconds: wholeNumber(5, 900).optional(),
    cursor: z.string().max(1_000_000).optional(),
  }),
);

export type ParsedRequest =
  | { readonly ok: true; readonly request: RedriveRequest }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Parses a request. A request with a fault reads and sends nothing. */
export function parseRedriveRequest(event: unknown): ParsedRequest {
  if (!isObject(event)) {
    return refusal({ path: '(request)', reason: 'must be an object, such as {"endpoint": "NAME"}' });
  }
  const reading = readField(requestSchema, event, []);
  if (!reading.ok) return { ok: false, faults: reading.faults };
  const { endpoint, offsets, limit, ratePerSecond, dryRun, includeUnknown, movedDlq, ...more } =
    reading.value;
  const { sample, maxSeconds, cursor: text, redriveId, ...conditions } = more;
  if (conditions.from !== undefined && conditions.to !== undefined && conditions.from >= conditions.to) {
    return refusal({ path: 'to', reason: 'must be later than from' });
  }
  if (movedDlq && conditions.subscription === undefined) {
    return refusal({ path: 'subscription', reason: 'must be named together with movedDlq' });
  }
  const filter = { ...conditions, ids: conditions.ids && new Set(conditions.ids.flatMap(idsToFind)) };
  const fingerprint = fingerprintOf({ endpoint, offsets, dryRun, includeUnknown, movedDlq, ...conditions });
  const decoded = text === undefined ? undefined : decodeCursor(text);
  const fault = decoded === undefined ? undefined : faultOf(decoded, { fingerprint, redriveId });
  if (fault !== undefined) return refusal(fault);
  return {
    ok: true,
    request: {
      endpoint,
      filter,
      offsets:
        offsets &&
        new Map(Object.entries(offsets).map(([partition, offset]) => [Number(partition), BigInt(offset)])),
      limit,
      ratePerSecond,
      dryRun,
      includeUnknown,
      movedDlq,
      redriveId: decoded?.cursor?.redriveId ?? redriveId,
      sample,
      maxSeconds,
      cursor: decoded?.cursor,
      fingerprint,
    },
  };
}

function faultOf(
  { cursor }: ReturnType<typeof decodeCursor>,
  { fingerprint, redriveId }: { fingerprint: string; redriveId: string | undefined },
): Fault | undefined {
  if (cursor === undefined) {
    return { path: 'cursor', reason: 'is not one that redrive gave: leave it out to begin anew' };
  }
  if (cursor.fingerprint !== fingerprint) {
    return {
      path: 'cursor',
      reason:
        'was given for another request: send the same endpoint, filters and options again, or leave it out',
    };
  }
  if (redriveId !== undefined && redriveId !== cursor.redriveId) {
    return { path: 'redriveId', reason: 'is not the one that the cursor was given for: leave it out' };
  }
  return undefined;
}

const refusal = (fault: Fault): ParsedRequest => ({ ok: false, faults: [fault] });
