// Carries out the plan of a seed at its times: its messages and its events.
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { publishSample } from '#lib/local/publish.ts';
import type { Items } from './items.ts';
import { jumpSoundly } from './jump.ts';
import type { CarriedOut } from './met.ts';
import { byTime, type Event, FAULTY_MS, type Plan, type PlannedMessage } from './plan.ts';
import { attributesOf, bodyOf } from './published.ts';
import type { Receivers } from './receiver.ts';
import { isAwaited, type Running } from './running.ts';
import type { Stage } from './stage.ts';

type Scene = {
  readonly stage: Stage;
  readonly receivers: Receivers;
  readonly items: Items;
  /** Gets the time of each message, before it is sent, by the run's clock. */
  readonly publishedAt: Map<string, number>;
  readonly running: Running;
  /** Gets each event when it is carried out. */
  readonly events: CarriedOut[];
};

/** Resolves when the last message and the last event are done. */
export async function actOut(plan: Plan, scene: Scene): Promise<void> {
  const startedAt = performance.now();
  const deeds = [
    ...plan.messages.map((message) => ({
      atMs: message.atMs,
      isLong: false,
      act: () => publish(message, scene),
    })),
    ...plan.events.map((event) => ({
      atMs: event.atMs,
      isLong: isLong(event),
      act: () => carryOutEvent(event, scene),
    })),
  ].sort(byTime);
  // Events that take a while do not hold up the next ones.
  const underWay: Promise<void>[] = [];
  for (const { atMs, act, isLong } of deeds) {
    const leftMs = startedAt + atMs - performance.now();
    if (leftMs > 0) await setTimeout(leftMs);
    if (isLong) underWay.push(act());
    else await act();
  }
  await Promise.all(underWay);
}

function isLong(event: Event): boolean {
  switch (event.do) {
    case 'freeze':
    case 'redeploy':
    case 'sweep':
    case 'pause':
    case 'resume':
    case 'broker-killed':
    case 'broker-restarted':
    case 'broker-frozen':
      return true;
    case 'kill':
    case 'age':
      return isAwaited(event);
    default:
      return false;
  }
}

async function publish(message: PlannedMessage, { stage, publishedAt }: Scene): Promise<void> {
  const { outputs, clients } = stage.set;
  publishedAt.set(message.id, Date.now());
  await publishSample(
    bodyOf(message),
    {
      id: message.id,
      ...message.to,
      attributes: attributesOf(message),
      ...(message.ordered && { group: message.key, deduplicationId: message.id }),
    },
    {
      sqs: clients.sqs,
      messagesQueueUrl: outputs.MessagesQueueUrl ?? '',
      messagesFifoQueueUrl: outputs.MessagesFifoQueueUrl ?? '',
    },
  );
}

const answerSchema = z.looseObject({ ok: z.boolean() });

async function carryOutEvent(event: Event, scene: Scene): Promise<void> {
  const { stage, receivers, items, running, events } = scene;
  const runningNames = stage.set.functions.running().map((one) => one.function);
  const carriedOut: CarriedOut = { event, at: Date.now(), running: runningNames };
  events.push(carriedOut);
  switch (event.do) {
    case 'kill':
    case 'freeze':
    case 'age':
    case 'out-of-memory':
      return running.carryOut(event);
    case 'skew':
      return stage.skew(event.ms);
    case 'redeploy':
      // An invocation that waits may run on for longer than the faults.
      if (!event.isAbrupt) await Promise.race([stage.set.functions.idle(), setTimeout(FAULTY_MS)]);
      await stage.set.functions.kill();
      return;
    case 'jump':
      return jumpSoundly(event.ms, stage, receivers);
    case 'change':
      return items.put(event.subscription, event.settings);
    case 'put-again':
      return items.put(event.subscription);
    case 'break':
      return items.break(event.subscription);
    case 'delete':
      return items.remove(event.subscription);
    case 'receiver-down':
      return receivers.down(event.subscription);
    case 'receiver-up':
      return receivers.up(event.subscription);
    case 'secret-absent':
      return items.removeSecrets();
    case 'secret-there':
      return items.putSecrets();
    case 'names-absent':
      return stage.names.absent(event.how);
    case 'names-slow':
      return stage.names.slow(event.ms);
    case 'names-there':
      return stage.names.there();
    case 'endpoint-absent':
      return items.removeEndpoint();
    case 'endpoint-there':
      return items.putEndpoints();
    case 'pause':
    case 'resume': {
      const { subscription, do: action } = event;
      const result = await stage.set.functions.run('resume', { subscription, action });
      const place = events.indexOf(carriedOut);
      // Its process may be killed meanwhile, as that of a person's request.
      if (!result.ok) events[place] = { ...carriedOut, isUnsure: true };
      // An item that is absent or broken is refused.
      else if (!answerSchema.parse(result.payload).ok) events.splice(place, 1);
      return;
    }
    case 'sweep':
      return stage.sweep();
    case 'broker-killed':
      return stage.broker?.kill();
    case 'broker-restarted':
      return stage.broker?.restart();
    case 'broker-frozen':
      return stage.broker?.freeze(event.forMs);
    default:
      return event satisfies never;
  }
}
