// Draws the plan of a seed. Each part has random numbers of its own, so that a change of one part leaves the others as they
// are. It reads no clock and no network.
import { aloneIn, drawAlone } from './draw-alone.ts';
import { drawAnswers, drawRejections } from './draw-answers.ts';
import { withBroker } from './draw-broker.ts';
import { drawCalls, drawRareCalls } from './draw-calls.ts';
import { drawEvents } from './draw-events.ts';
import { drawMessages, withContents, withLongBodies, withOneGroup } from './draw-messages.ts';
import { withOccasions } from './draw-occasions.ts';
import { drawKeyMoves, withBursts, withFarRetries } from './draw-rare.ts';
import { drawRedriveFault, drawRunning, withoutOldRates } from './draw-running.ts';
import { drawSettings } from './draw-settings.ts';
import { KAFKA_KINDS, kindsOf } from './kinds.ts';
import { byTime, type Plan, type PlannedMessage, type PlannedSubscription } from './plan.ts';
import { drawOf } from './random-draw.ts';

/** Shorter than the freezes, and than the pauses between two invocations of an environment. */
const IDLE_MS = [20, 60, 200] as const;

/** Share of the runs: a redrive waits some seconds for further letters. */
const REDRIVES = 0.3;

/** Returns the same plan for the same seed, on every machine. `broker`: the stage has a Kafka broker. */
export function drawPlan(seed: number, { broker = false }: { broker?: boolean } = {}): Plan {
  const mixed = (from: number): Plan => {
    const plan = drawMixed(seed, from);
    return broker ? withBroker(plan, drawOf(from, 'broker')) : plan;
  };
  // With a broker, plans have a fault of the broker alone: the others are drawn without one.
  const alone = aloneIn(seed, broker ? KAFKA_KINDS : kindsOf(false));
  return alone === undefined
    ? withOccasions(drawOf(seed, 'occasions'), mixed(seed))
    : drawAlone(seed, alone, mixed);
}

/** `from`: the seed of the random numbers; the ids are those of `seed`. */
function drawMixed(seed: number, from: number): Plan {
  const draw = drawOf(from, 'subscriptions');
  const answers = drawOf(from, 'answers');
  const rejections = drawOf(from, 'rejections');
  const redrive = drawOf(from, 'redrive');
  const idle = drawOf(from, 'idle');
  const rare = drawOf(from, 'rare circumstances');
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
  const ofRunning = drawOf(from, 'running');
  const running = drawRunning(ofRunning, withFarRetries(rare, ordinary));
  const { subscriptions } = running;
  const drawn = [
    ...drawEvents(drawOf(from, 'events'), subscriptions),
    ...drawKeyMoves(rare, subscriptions),
    ...running.events,
  ].sort(byTime);
  const events = withoutOldRates(drawn, subscriptions);
  return {
    seed,
    fifoDeletedAgain: draw.pick(['success', 'error']),
    fifoLateDelete: draw.pick(['success', 'error']),
    subscriptions,
    messages: messagesOf(seed, from, subscriptions),
    calls: [...drawCalls(drawOf(from, 'calls')), ...drawRareCalls(drawOf(from, 'rare calls'))],
    events,
    ...(redrive.chance(REDRIVES) && {
      redrive:
        drawRedriveFault(ofRunning) ??
        redrive.pick(['nothing', 'partly', 'kill-before', 'kill-after', 'kill-after'] as const),
    }),
    ...(idle.chance(0.3) && { awsIdleMs: idle.pick(IDLE_MS) }),
  };
}

function messagesOf(
  seed: number,
  from: number,
  subscriptions: readonly PlannedSubscription[],
): PlannedMessage[] {
  const drawn = drawMessages(drawOf(from, 'messages'), seed, subscriptions);
  const long = withLongBodies(drawOf(from, 'long bodies'), drawn);
  const more = withBursts(drawOf(from, 'bursts'), subscriptions, long);
  const grouped = withOneGroup(drawOf(from, 'one group'), more, subscriptions);
  return withContents(drawOf(from, 'contents'), grouped, subscriptions);
}
