// Draws the plan of a seed. Each part has random numbers of its own, so that a change of one part leaves the others as they
// are. It reads no clock and no network.
import { drawAnswers } from './draw-answers.ts';
import { withBroker } from './draw-broker.ts';
import { drawCalls } from './draw-calls.ts';
import { drawEvents } from './draw-events.ts';
import { drawMessages } from './draw-messages.ts';
import { drawSettings } from './draw-settings.ts';
import type { Plan, PlannedSubscription } from './plan.ts';
import { drawOf } from './random-draw.ts';

/** Shorter than the freezes, and than the pauses between two invocations of an environment. */
const IDLE_MS = [20, 60, 200] as const;

/** Returns the same plan for the same seed, on every machine. `broker`: the stage has a Kafka broker. */
export function drawPlan(seed: number, { broker = false }: { broker?: boolean } = {}): Plan {
  const draw = drawOf(seed, 'subscriptions');
  const answers = drawOf(seed, 'answers');
  const idle = drawOf(seed, 'idle');
  const subscriptions = Array.from({ length: draw.whole(2, 4) }, (_, index): PlannedSubscription => {
    const byTopic = draw.chance(0.4);
    const settings = drawSettings(draw, byTopic && draw.chance(0.5));
    return {
      id: `s${seed}-${index}`,
      byTopic,
      settings,
      answers: drawAnswers(answers, settings),
      ...(idle.chance(0.4) && { idleMs: idle.pick(IDLE_MS) }),
    };
  });
  const plan: Plan = {
    seed,
    fifoDeletedAgain: draw.pick(['success', 'error']),
    fifoLateDelete: draw.pick(['success', 'error']),
    subscriptions,
    messages: drawMessages(drawOf(seed, 'messages'), seed, subscriptions),
    calls: drawCalls(drawOf(seed, 'calls')),
    events: drawEvents(drawOf(seed, 'events'), subscriptions),
    ...(idle.chance(0.3) && { awsIdleMs: idle.pick(IDLE_MS) }),
  };
  return broker ? withBroker(plan, drawOf(seed, 'broker')) : plan;
}
