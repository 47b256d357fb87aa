// How many invocations of `deliver` and of `route` a load keeps busy: the invocations a second, times the duration of one
// (Little's law). It is arithmetic with means. It knows no waiting times, and no bursts.

import { MOST_POOLS } from '#lib/callback/pool.ts';
import { ASSUMED, billedMs } from '#lib/cost/bill.ts';
import { PAGE } from '#lib/route/fan-out.ts';
import { HTTP_DEFAULTS } from '#lib/subscription/http-schema.ts';
import { type BatchEnd, messagesIn, type ScaleLoad, type StageSettings } from './load.ts';
import { CPU_MS, QUOTAS, type Range, TIMES } from './quotas.ts';

const SIDES = ['low', 'high'] as const;
type Side = (typeof SIDES)[number];
const rangeOf = (figure: (side: Side) => number): Range => ({ low: figure('low'), high: figure('high') });

/** Milliseconds that CPU time takes with the memory of the functions. More memory than that of one CPU makes nothing faster. */
export const elapsed = (cpuMs: number, { memoryMb }: Pick<StageSettings, 'memoryMb'>): number =>
  (cpuMs * QUOTAS.memoryOfOneCpuMb) / Math.min(memoryMb, QUOTAS.memoryOfOneCpuMb);

/** Invocations of `deliver` that the ordinary subscriptions keep busy. */
export const deliverInvocations = (load: ScaleLoad, settings: StageSettings, end: BatchEnd): Range =>
  rangeOf((side) => {
    const perSecond = load.rate / messagesIn(end);
    // Whether a connection is still open depends on the number of environments, and that on the time of a new connection.
    let busy = 1;
    for (let step = 0; step < 20; step++) {
      busy = (perSecond * deliverMs(load, settings, { end, side, environments: busy })) / 1000;
    }
    return busy;
  });

type At = { readonly end: BatchEnd; readonly side: Side; readonly environments: number };

/** The duration of an invocation of `deliver`, in milliseconds. */
export function deliverMs(load: ScaleLoad, settings: StageSettings, { end, side, environments }: At): number {
  const batch = messagesIn(end);
  const spread = end === 'oneLane' ? { ...load, subscriptions: 1 } : load;
  const requests = Math.max(1, batch / load.perRequest);
  const opened = newConnections(load, environments);
  const callbacks = billedMs({ ...spread, batch, cap: load.inFlight }) - ASSUMED.deliverMs;
  // The requests of a batch run in parallel: where one of them opens a connection, the invocation waits for it once.
  const waiting = (1 - (1 - opened) ** requests) * 2 * TIMES.roundTripMs[side];
  const cpu =
    batch * CPU_MS.deliver[end === 'alone' ? 'alone' : 'full'] + requests * opened * TIMES.tlsCpuMs[side];
  return 2 * TIMES.callMs[side] + callbacks + waiting + elapsed(cpu, settings);
}

/**
 * How long one request of a lane that has messages waiting holds its place, in milliseconds: the callback, the work of the
 * function, and its part of the calls between two batches of the lane (a delete, a receive, and the two at the start).
 */
export const exchangeMs = ({ latencyMs }: Pick<ScaleLoad, 'latencyMs'>, settings: StageSettings): Range =>
  rangeOf((side) => latencyMs + elapsed(CPU_MS.deliver.full, settings) + (4 * TIMES.callMs[side]) / 10);

/**
 * The share of requests that open a connection, from 0 to 1. An environment keeps connections to a limited number of
 * subscriptions, and for a limited time. Under `none` and `at-most-once` it keeps none from one invocation to the next.
 */
export function newConnections(
  { subscriptions, rate, qos }: Pick<ScaleLoad, 'subscriptions' | 'rate' | 'qos'>,
  environments: number,
): number {
  if (qos === 'none' || qos === 'at-most-once') return 1;
  const kept = Math.min(1, MOST_POOLS / subscriptions);
  const secondsBetween = (Math.max(1, environments) * subscriptions) / rate;
  return 1 - kept * (1 - Math.exp(-HTTP_DEFAULTS.idleTimeout / 1000 / secondsBetween));
}

/** How many invocations of `route` run at the same time because of the publishers' messages. */
export const routeInvocations = (load: ScaleLoad, settings: StageSettings, end: BatchEnd): Range =>
  rangeOf((side) => {
    const messages = messagesIn(end);
    return ((messagesASecond(load) / messages) * routeMs(load, settings, { messages, side })) / 1000;
  });

/**
 * The duration of an invocation of `route` with so many messages, in milliseconds. It sends a message's deliveries page by
 * page, the first one within `ASSUMED.routeMs`. For each further page it waits for two calls: SQS confirms the page before, and
 * its progress is written.
 */
export function routeMs(
  { fanOut }: Pick<ScaleLoad, 'fanOut'>,
  settings: StageSettings,
  { messages, side }: { readonly messages: number; readonly side: Side },
): number {
  const cpu = messages * (fanOut - 1) * CPU_MS.route.full;
  return ASSUMED.routeMs + 2 * furtherPages(fanOut) * TIMES.callMs[side] + elapsed(cpu, settings);
}

/** Pages of a message's deliveries after the first one. */
export const furtherPages = (fanOut: number): number => Math.ceil(fanOut / PAGE) - 1;

/** Messages of publishers in a second. */
export const messagesASecond = ({ rate, fanOut }: Pick<ScaleLoad, 'rate' | 'fanOut'>): number =>
  rate / fanOut;
