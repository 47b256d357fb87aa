import { describe, expect, test } from 'vitest';
import { type Announcement, createAnnounce } from '#lib/state/announce.ts';
import { NO_STATE, type State } from '#lib/state/state.ts';
import type { LogFields } from '#lib/telemetry/log.ts';

const pause = {
  reason: 'outage',
  since: 0,
  detail: 'the callback answered 503',
  itemHash: 'h',
  failures: 1,
} as const;
const outage: State = { ...NO_STATE, pause: { ...pause, resumeAt: 2_000 } };
const wrong: State = { ...NO_STATE, pause: { ...pause, reason: 'invalid-config' } };
const rejected: State = { ...NO_STATE, pause: { ...pause, reason: 'rejected' } };

function announcing(put?: () => Promise<unknown>) {
  const told: Announcement[] = [];
  const lines: { level: string; event: string; fields: LogFields }[] = [];
  const at = (level: string) => (event: string, fields: LogFields) =>
    void lines.push({ level, event, fields });
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  const announce = createAnnounce(async (one) => (put ? await put() : told.push(one)), log);
  return { told, lines, announce };
}

describe('who is told', () => {
  test.each<[string, State, State, string[]]>([
    ['of a pause', NO_STATE, outage, ['subscription.paused']],
    ['of an opening', outage, NO_STATE, ['subscription.resumed']],
    ['of an outage that becomes a rejection', outage, rejected, ['subscription.paused']],
    [
      'not of a probe that failed',
      outage,
      { ...outage, pause: { ...pause, failures: 2, resumeAt: 4_000 } },
      [],
    ],
    [
      'of an item that is wrong in another way',
      wrong,
      { ...NO_STATE, pause: { ...pause, reason: 'invalid-config', itemHash: 'another' } },
      ['subscription.paused'],
    ],
    ['not of one that is as wrong as it was', wrong, { ...wrong, lookedAt: 1 }, []],
    [
      'not of a lane that closes',
      NO_STATE,
      { ...NO_STATE, lanes: { 0: { drain: 1, until: 0, unheard: 0 } } },
      [],
    ],
  ])('%s', async (_, before, after, types) => {
    const { told, announce } = announcing();
    await announce('acme', before, after);
    expect(told.map(({ type }) => type)).toEqual(types);
  });
});

test('a pause is announced with its reason, its cause and the time of the next try', async () => {
  const { told, lines, announce } = announcing();
  const unsent = { ...pause, detail: 'TLS failed', code: 'tls-failed', resumeAt: 2_000 };
  await announce('acme', NO_STATE, { ...NO_STATE, pause: unsent });
  const detail = {
    subscription: 'acme',
    reason: 'outage',
    detail: 'TLS failed',
    code: 'tls-failed',
    since: '1970-01-01T00:00:00.000Z',
    resumeAt: '1970-01-01T00:00:02.000Z',
    failures: 1,
  };
  expect(told).toEqual([{ type: 'subscription.paused', detail }]);
  expect(lines).toEqual([{ level: 'warn', event: 'subscription.paused', fields: detail }]);
});

test('a resume is announced with the reason of the pause', async () => {
  const { told, announce } = announcing();
  await announce('acme', rejected, NO_STATE);
  expect(told[0]?.detail).toMatchObject({ subscription: 'acme', reason: 'rejected' });
});

test('an event that the bus refuses is logged and does not fail the transition', async () => {
  const { lines, announce } = announcing(async () => {
    throw Object.assign(new Error('no'), { name: 'Throttled' });
  });
  await announce('acme', NO_STATE, outage);
  expect(lines.at(-1)).toMatchObject({
    level: 'error',
    event: 'announcement.not-put',
    fields: { error: 'Throttled' },
  });
});
