// The plot of the overview: delivered and failed attempts of the whole stage.
import { useState } from 'preact/hooks';
import { OutcomePlot } from './attempt-plots.tsx';
import { RANGES, RangeChoice, type RangeName } from './attempts.tsx';
import { amount, counted } from './numbers.ts';
import { Content } from './parts.tsx';
import { plotRange } from './plot-range.ts';
import { useCommand } from './use-command.ts';

const EVERY_MS = 5_000;
/** The newest attempts that are read: a busy stage has these in a shorter time than was asked for. */
const MOST = 2_000;

/** Plots the newest attempts of all subscriptions. */
export function Traffic() {
  const [range, setRange] = useState<RangeName>('6h');
  const found = useCommand('attempts', { limit: MOST, since: range }, EVERY_MS);
  return (
    <section class="traffic" aria-label="Attempts of all subscriptions">
      <RangeChoice range={range} onRange={setRange} />
      <Content of={found} what="the attempts in the logs">
        {({ attempts = [], more }) => {
          const delivered = attempts.filter(({ outcome }) => outcome === 'delivered').length;
          return (
            <>
              <OutcomePlot
                attempts={attempts}
                range={plotRange(attempts, { more, rangeMs: RANGES[range], now: Date.now() })}
              />
              <p class="hint">
                {more ? `The newest ${counted(attempts.length, 'attempt')}: ` : `In the last ${range}: `}
                {amount(delivered)} delivered, {amount(attempts.length - delivered)} not.
              </p>
            </>
          );
        }}
      </Content>
    </section>
  );
}
