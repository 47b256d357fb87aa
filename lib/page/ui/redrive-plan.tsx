// What a dry run of a redrive found: how many dead letters, and of which subscriptions, statuses and reasons.
import { amount, counted } from './numbers.ts';
import { Labelled } from './parts.tsx';
import type { Counts, Redriven } from './results.ts';

type Props = {
  readonly plan: Redriven;
  /** At most so many dead letters a second, as it was typed. */
  readonly rate: string;
  readonly onRate: (rate: string) => void;
  readonly onSend: () => void;
};

/** Shows what a dry run found, and the button that sends it. */
export function RedrivePlan({ plan, rate, onRate, onSend }: Props) {
  return (
    <>
      <p>
        <b>
          {amount(plan.matched)} of {counted(plan.seen, 'dead letter')}
        </b>{' '}
        would be sent again.{skippedOf(plan.skipped)}
      </p>
      {plan.notes?.map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
      {plan.counts !== undefined && (
        <dl>
          <Counted name="By subscription" counts={plan.counts.bySubscription} />
          <Counted name="By status" counts={plan.counts.byStatus} />
          <Counted name="By reason" counts={plan.counts.byReason} />
        </dl>
      )}
      <div class="narrow">
        <Labelled label="At most, per second" hint="Empty: as fast as it goes.">
          {(ids) => (
            <input
              {...ids}
              type="number"
              min={1}
              value={rate}
              onInput={(event) => onRate(event.currentTarget.value)}
            />
          )}
        </Labelled>
      </div>
      <div class="buttons start">
        <button type="button" class="primary" disabled={plan.matched === 0} onClick={onSend}>
          Send {amount(plan.matched)} again…
        </button>
      </div>
    </>
  );
}

const MOST_SHOWN = 8;

function Counted({ name, counts }: { readonly name: string; readonly counts: Counts }) {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {sorted
          .slice(0, MOST_SHOWN)
          .map(([value, count]) => `${value} ${amount(count)}`)
          .join(', ') || 'none'}
        {sorted.length > MOST_SHOWN && ` and ${sorted.length - MOST_SHOWN} more`}
      </dd>
    </div>
  );
}

function skippedOf(skipped: Counts): string {
  const parts = Object.entries(skipped).map(([why, count]) => `${count} ${why}`);
  return parts.length === 0 ? '' : ` Skipped: ${parts.join(', ')}.`;
}
