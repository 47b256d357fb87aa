// A subscription that waits for a person needs a cause in the run.
import { expect, test } from 'vitest';
import type { Interruption } from '#test/faults/interruptions.ts';
import type { ItemVersion } from '#test/faults/item-versions.ts';
import type { CarriedOut } from '#test/faults/met.ts';
import { PLAIN } from '#test/faults/plan-of-one.ts';
import { type Causes, hasCause } from '#test/faults/stops.ts';

const attempt = (outcome: string, action = 'pause'): Causes['attempts'][number] => ({
  subscription: 's',
  webhookId: 'm1-00',
  ids: ['m1-00'],
  outcome,
  action,
  loggedAt: 120,
  durationMs: 20,
});

const version = (more: Partial<ItemVersion>): ItemVersion => ({
  is: 'valid',
  from: 0,
  until: Number.POSITIVE_INFINITY,
  settings: PLAIN,
  ...more,
});

function isCaused(
  reason: string,
  {
    versions = [version({})],
    isEndpointAbsent = false,
    ...given
  }: Partial<Causes> & {
    readonly versions?: readonly ItemVersion[];
    readonly isEndpointAbsent?: boolean;
  } = {},
): boolean {
  const none = { attempts: [], events: [], deaths: [], received: [], calmAt: 100 };
  return hasCause(
    { subscription: 's', reason },
    {
      ...none,
      ...given,
      items: {
        versionsOf: () => versions,
        endpointAbsences: () => (isEndpointAbsent ? [{ from: 0, until: 1 }] : []),
      },
    },
  );
}

test('a rejection stops, if its attempt began before the receivers were calm', () => {
  expect(isCaused('rejected')).toBe(false);
  expect(isCaused('rejected', { attempts: [attempt('delivered')] })).toBe(false);
  expect(isCaused('rejected', { attempts: [attempt('rejected', 'dead-letter')] })).toBe(false);
  expect(isCaused('rejected', { attempts: [attempt('rejected')] })).toBe(true);
  expect(isCaused('gone', { attempts: [attempt('rejected')], calmAt: 99 })).toBe(false);
});

const death = (name: string): Interruption => ({ at: 0, function: 'deliver', names: new Set([name]) });

test('a function that ended in an exchange may have left what stops the subscription', () => {
  const received = [{ subscription: 's', status: 301 }];
  expect(isCaused('rejected', { received })).toBe(false);
  expect(isCaused('rejected', { received, deaths: [death('other')] })).toBe(false);
  expect(isCaused('rejected', { received, deaths: [death('s')] })).toBe(true);
  expect(isCaused('rejected', { received: [{ subscription: 's', status: 429 }], deaths: [death('s')] })).toBe(
    false,
  );
});

test('an outage waits for a person only where its item says so', () => {
  const attempts = [attempt('failed')];
  expect(isCaused('outage', { attempts })).toBe(false);
  const versions = [version({ settings: { ...PLAIN, stops: true } })];
  expect(isCaused('outage', { attempts, versions })).toBe(true);
  expect(isCaused('outage', { versions })).toBe(false);
});

test('a person, a broken item and a function that ended are causes of their own', () => {
  const event = { do: 'pause', subscription: 's', atMs: 0 } as const;
  const events: CarriedOut[] = [{ event, at: 0, running: [] }];
  expect(isCaused('manual')).toBe(false);
  expect(isCaused('manual', { events })).toBe(true);
  expect(isCaused('invalid-config')).toBe(false);
  expect(isCaused('invalid-config', { versions: [version({ is: 'broken' })] })).toBe(true);
  expect(isCaused('invalid-config', { isEndpointAbsent: true })).toBe(false);
  const versions = [version({ settings: { ...PLAIN, dlq: 'letters' } })];
  expect(isCaused('invalid-config', { versions, isEndpointAbsent: true })).toBe(true);
  expect(isCaused('crashing', { deaths: [death('other')] })).toBe(false);
  expect(isCaused('crashing', { deaths: [death('s')] })).toBe(true);
});
