// Draws how a receiver answers its first requests: well, by one fault again and again, or by a mixture.

import { type Answer, GOOD, type Settings, SOCKET_FAULTS, UNAVAILABLE } from './plan.ts';
import type { Draw } from './random-draw.ts';

export function drawAnswers(draw: Draw, settings: Settings): Answer[] {
  const { chance, whole, pick } = draw;
  const mood = pick(['well', 'slow', 'one-fault', 'one-fault', 'mixed', 'mixed', 'mixed', 'down'] as const);
  // Few hanging or slow answers: each takes a second of the run.
  switch (mood) {
    case 'well':
      return [];
    case 'slow':
      return Array.from({ length: whole(4, 7) }, () => ({
        kind: 'status',
        status: chance(0.9) ? 200 : 503,
        afterMs: 1_050,
      }));
    case 'one-fault': {
      const fault = drawFault(draw, settings);
      const many = 'afterMs' in fault && (fault.kind === 'hang' || fault.afterMs > 500) ? 2 : 6;
      return [...Array(whole(0, 3)).fill(GOOD), ...Array(whole(1, many)).fill(fault)];
    }
    case 'mixed':
      return Array.from({ length: whole(3, 14) }, () => (chance(0.5) ? GOOD : drawFault(draw, settings)));
    case 'down':
      return Array.from({ length: whole(2, 5) }, () => ({ kind: 'reset-at-connect', afterMs: 0 }));
  }
}

/** An attempt and the default retries: a pause follows, and the next request is answered otherwise. */
const OUTAGE = 3;

/**
 * Rejections, and outages in between, for a subscription that has an endpoint for dead letters or sends batches: a rejected
 * batch is sent one by one. Undefined: the answers stay as they are.
 */
export function drawRejections(
  { chance, whole, pick }: Draw,
  { dlq, batch }: Settings,
): Answer[] | undefined {
  if ((dlq === undefined && batch === undefined) || !chance(0.3)) return undefined;
  const rejection = (): Answer => ({ kind: 'status', status: pick([301, 400, 404, 410, 422]), afterMs: 0 });
  return Array.from({ length: whole(3, 9) }, (): Answer[] => {
    const what = pick(['rejection', 'rejection', 'rejection', 'well', 'well', 'outage'] as const);
    if (what === 'rejection') return [rejection()];
    if (what === 'well') return [GOOD];
    return Array(OUTAGE).fill(chance(0.5) ? UNAVAILABLE : { kind: 'reset-at-connect', afterMs: 0 });
  }).flat();
}

const STATUSES = [200, 202, 301, 307, 400, 401, 404, 410, 408, 425, 429, 500, 502, 503, 504, 599] as const;

function drawFault({ chance, pick, whole }: Draw, { dlq }: Settings): Answer {
  if (chance(0.5)) {
    // Each rejection without a dlq is a pause that waits for a person; a few of them are enough.
    const status = pick(dlq === undefined && chance(0.6) ? [500, 503, 200, 429, 599] : STATUSES);
    const headers: Record<string, string> = {};
    if (status === 429 || status === 503) {
      if (chance(0.6)) headers['retry-after'] = String(pick([0, 1, 40, 200]));
    }
    if (status === 301 || status === 307) headers.location = 'http://127.0.0.1:9/elsewhere';
    return { kind: 'status', status, afterMs: chance(0.2) ? whole(50, 700) : 0, headers };
  }
  return { kind: pick(SOCKET_FAULTS), afterMs: chance(0.3) ? whole(10, 150) : 0 };
}
