// The subscriptions that do not deliver now, read from the table of states as `status` reads them, page by page.
import { type OverviewDeps, overview, type StatusLine } from '#lib/resume/overview.ts';
import type { Sight } from './unseen.ts';

const PAGE = 250;

/** Finds paused subscriptions and unreadable states. Throws when DynamoDB fails. */
export async function lookAtStates(
  stage: string,
  sight: Sight,
  deps: OverviewDeps & { readonly onProgress: (done: number) => void },
): Promise<void> {
  let done = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await overview({ cursor, limit: PAGE }, deps);
    for (const line of page.subscriptions) findPause(line, stage, sight);
    done += page.subscriptions.length;
    deps.onProgress(done);
    cursor = page.cursor;
    if (cursor === undefined) return;
  }
}

function findPause(line: StatusLine, stage: string, sight: Sight): void {
  const where = `subscription ${line.subscription}`;
  if (line.phase === 'unreadable') {
    sight.find({
      severity: 'error',
      where,
      what: 'Its state is unreadable: nothing is delivered.',
      fix: 'Use the CLI and the functions of one version. If they are, restore the state item from a backup.',
    });
    return;
  }
  const { phase, pause } = line;
  if (pause === undefined) return;
  const since = new Date(pause.since).toISOString();
  const detail = pause.detail === '' ? '' : `: ${pause.detail.replace(/\.$/, '')}`;
  if (phase === 'stopped') {
    const byHand = pause.reason === 'manual';
    sight.find({
      severity: byHand ? 'warning' : 'error',
      where,
      what: `It is stopped since ${since} (${pause.reason})${detail}.`,
      fix: `Correct the cause, then: webhooks resume ${line.subscription} --stage ${stage}`,
    });
    return;
  }
  sight.find({
    severity: 'warning',
    where,
    what: `It is in an outage since ${since} (${pause.reason}), after ${pause.failures} failures in a row${detail}.`,
    fix: 'It resumes by itself when its receiver answers again. Tell the receiver.',
  });
}
