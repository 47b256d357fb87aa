// Draws the plan of a seed. Each part has random numbers of its own, so that a change of one part leaves the others as they
// are. It reads no clock and no network.
import { drawAnswers, drawRejections } from './draw-answers.ts';
import { withBroker } from './draw-broker.ts';
import { drawCalls, drawRareCalls } from './draw-calls.ts';
import { drawEvents } from './draw-events.ts';
import { drawMessages, withContents, withLongBodies, withOneGroup } from './draw-messages.ts';
import { drawKeyMoves, withBursts, withFarRetries } from './draw-rare.ts';
import { drawRedriveFault, drawRunning, withoutOldRates } from './draw-running.ts';
import { drawSettings } from './draw-settings.ts';
import type { Plan, PlannedMessage, PlannedSubscription } from './plan.ts';
import { drawOf } from './random-draw.ts';

/** Shorter than the freezes, and than the pauses between two invocations of an environment. */
const IDLE_MS = [20, 60, 200] as const;

/** Share of the runs: a redrive waits some seconds for further letters. */
const REDRIVES = 0.3;

/** Returns the same plan for the same seed, on every machine. `broker`: the stage has a Kafka broker. */
export function drawPlan(seed: number, { broker = false }: { broker?: boolean } = {}): Plan {
  const draw = drawOf(seed, 'subscriptions');
  const answers = drawOf(seed, 'answers');
  const rejections = drawOf(seed, 'rejections');
  const redrive = drawOf(seed, 'redrive');
  const idle = drawOf(seed, 'idle');
  const rare = drawOf(seed, 'rare circumstances');
  const ordinary = Array.from({ length: draw.whole(2, 4) }, (_, index): PlannedSubscription => {
    const byTopic = draw.chance(0.4);
    const settings = drawSettings(draw, byTopic && draw.chance(0.5));
    const drawn = drawAnswers(answers, settings);
    return {
      id: `s${seed}-${index}`,
      byTopic,
      settings,
      answers: drawRejections(rejections, settings) ?? drawn,
      ...(idle.chance(0.4) && { idleMs: idle.pick(IDLE_MS) }),
    };
  });
  const ofRunning = drawOf(seed, 'running');
  const running = drawRunning(ofRunning, withFarRetries(rare, ordinary));
  const { subscriptions } = running;
  const drawn = [
    ...drawEvents(drawOf(seed, 'events'), subscriptions),
    ...drawKeyMoves(rare, subscriptions),
    ...running.events,
  ].sort((one, other) => one.atMs - other.atMs);
  const events = withoutOldRates(drawn, subscriptions);
  const plan: Plan = {
    seed,
    fifoDeletedAgain: draw.pick(['success', 'error']),
    fifoLateDelete: draw.pick(['success', 'error']),
    subscriptions,
    messages: messagesOf(seed, subscriptions),
    calls: [...drawCalls(drawOf(seed, 'calls')), ...drawRareCalls(drawOf(seed, 'rare calls'))],
    events,
    ...(redrive.chance(REDRIVES) && {
      redrive:
        drawRedriveFault(ofRunning) ??
        redrive.pick(['nothing', 'partly', 'kill-before', 'kill-after', 'kill-after'] as const),
    }),
    ...(idle.chance(0.3) && { awsIdleMs: idle.pick(IDLE_MS) }),
  };
  return broker ? withBroker(plan, drawOf(seed, 'broker')) : plan;
}

function messagesOf(seed: number, subscriptions: readonly PlannedSubscription[]): PlannedMessage[] {
  const drawn = drawMessages(drawOf(seed, 'messages'), seed, subscriptions);
  const long = withLongBodies(drawOf(seed, 'long bodies'), drawn);
  const more = withBursts(drawOf(seed, 'bursts'), subscriptions, long);
  const grouped = withOneGroup(drawOf(seed, 'one group'), more, subscriptions);
  return withContents(drawOf(seed, 'contents'), grouped, subscriptions);
}
