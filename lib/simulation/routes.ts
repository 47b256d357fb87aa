// `route`, simulated: its pollers receive messages of publishers, and at the end of an invocation the deliveries are on
// `deliveries.fifo`. Each environment keeps what it has read of topics and of the states of ordered subscriptions for some
// seconds. One queue of publishers, and all of its pollers from the beginning.
import { furtherPages, routeMs } from '#lib/scale/invocations.ts';
import type { ScaleLoad, StageSettings } from '#lib/scale/load.ts';
import { type Range, TIMES } from '#lib/scale/quotas.ts';
import { unitsOfTopic } from '#lib/scale/topic-reads.ts';
import { isOrdered } from '#lib/subscription/subscription.ts';
import type { Timeline } from './timeline.ts';
import type { Units } from './units.ts';

export type Routes = {
  /** A message of a publisher is on its queue. */
  publish(topic: number): void;
  /** Messages on the queue that were not received. */
  waiting(): number;
};
type RoutesDeps = {
  readonly timeline: Timeline;
  readonly units: Units;
  readonly sendTo: (subscription: number) => void;
  /** The deliveries of an invocation are on the queue. */
  readonly onSent: () => void;
  /** Milliseconds until the poller receives again, and the part of a full batch that it has, from 0 to 1. */
  readonly onReceived: (pollerMs: number, full: number) => void;
};
/** When each key was read last. */
type Cache = Map<number, number>;
type RouteEnvironment = { readonly topics: Cache; readonly states: Cache };

const BATCH = 10;

/** The functions `route` of the stage, with nothing to do. */
export function createRoutes(
  load: ScaleLoad,
  settings: StageSettings,
  { side, ...deps }: RoutesDeps & { readonly side: keyof Range },
): Routes {
  const { timeline, units } = deps;
  const callMs = TIMES.callMs[side];
  const ordered = isOrdered(load.qos);
  const waiting: number[] = [];
  /** The one that was used last is used first, as Lambda does. */
  const free: RouteEnvironment[] = [];
  let busy = 0;

  function isRead(cache: Cache, key: number): boolean {
    const last = cache.get(key);
    if (last !== undefined && timeline.now() - last < settings.configCacheSeconds * 1000) return false;
    cache.set(key, timeline.now());
    return true;
  }

  function read(topics: readonly number[], environment: RouteEnvironment): void {
    for (const topic of topics) {
      if (isRead(environment.topics, topic)) units.add('subscriptions', 'topic', topic, unitsOfTopic(load));
      // The progress of a long fan-out is read once, and written after each page.
      const pages = furtherPages(load.fanOut);
      if (pages > 0) {
        units.addOnce('stateReads', 1);
        units.addOnce('stateWrites', pages + 1);
      }
      if (!ordered) continue;
      for (let one = 0; one < load.fanOut; one++) {
        const subscription = topic * load.fanOut + one;
        if (isRead(environment.states, subscription)) units.add('stateReads', 'state', subscription, 1);
      }
    }
  }

  function poll(): void {
    while (waiting.length > 0 && busy < settings.routeMaximumConcurrency) {
      const topics = waiting.splice(0, BATCH);
      const environment = free.pop() ?? { topics: new Map(), states: new Map() };
      busy += 1;
      read(topics, environment);
      const invocationMs = routeMs(load, settings, { messages: topics.length, side });
      deps.onReceived(2 * callMs + invocationMs, topics.length / BATCH);
      timeline.in(callMs + invocationMs, () => {
        for (const topic of topics) {
          for (let one = 0; one < load.fanOut; one++) deps.sendTo(topic * load.fanOut + one);
        }
        deps.onSent();
      });
      timeline.in(2 * callMs + invocationMs, () => {
        busy -= 1;
        free.push(environment);
        poll();
      });
    }
  }

  return {
    waiting: () => waiting.length,
    publish(topic) {
      waiting.push(topic);
      poll();
    },
  };
}
