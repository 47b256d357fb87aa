// This machine's clock against that of AWS, by the Date header of an answer.
import type { Sight } from './unseen.ts';

const MOST_SECONDS = 60;
const WITHIN_MS = 10_000;

/** Finds a difference of more than a minute. `url`: any address of AWS or of its emulator. */
export async function lookAtClock(
  url: string,
  sight: Sight,
  { fetch, now }: { readonly fetch: typeof globalThis.fetch; readonly now: () => number },
): Promise<void> {
  const before = now();
  let date: string | null;
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(WITHIN_MS) });
    date = answer.headers.get('date');
    await answer.body?.cancel();
  } catch (error) {
    const name = error instanceof Error ? error.name : String(error);
    sight.skip('the clock', `${new URL(url).host} gave no answer (${name})`);
    return;
  }
  const after = now();
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) {
    sight.skip('the clock', `${new URL(url).host} sends no Date`);
    return;
  }
  // The header is of a whole second, somewhere between the two moments.
  const seconds = Math.round(Math.max(before - theirs - 1000, theirs - after, 0) / 1000);
  if (seconds <= MOST_SECONDS) return;
  sight.find({
    severity: seconds > 300 ? 'error' : 'warning',
    where: 'this machine',
    what: `Its clock is ${seconds} s ${before > theirs ? 'ahead of' : 'behind'} that of AWS: signatures of requests and times that the CLI shows are wrong.`,
    fix: 'Set the clock, for example by NTP.',
  });
}
