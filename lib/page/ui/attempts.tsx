// The attempts of a subscription as they come, with their plots, and what was kept of requests and answers.
import { useState } from 'preact/hooks';
import { LatencyPlot, OutcomePlot } from './attempt-plots.tsx';
import { MessageLink } from './links.tsx';
import { amount, duration } from './numbers.ts';
import { Ago, Content, Empty } from './parts.tsx';
import { Pill } from './pill.tsx';
import { plotRange } from './plot-range.ts';
import type { AttemptStep } from './results.ts';
import type { TabProps } from './tab.ts';
import { DataTable, type TableColumn } from './table.tsx';
import { useCommand } from './use-command.ts';

const EVERY_MS = 3_000;
/** The newest attempts that are read. */
const MOST = 500;

export const RANGES = { '15m': 15 * 60_000, '1h': 3_600_000, '6h': 21_600_000, '24h': 86_400_000 } as const;
export type RangeName = keyof typeof RANGES;

/** Chooses how far back to look. */
export function RangeChoice({
  range,
  onRange,
}: {
  readonly range: RangeName;
  readonly onRange: (range: RangeName) => void;
}) {
  return (
    <fieldset class="choice">
      <legend class="unseen">How far back</legend>
      {(Object.keys(RANGES) as RangeName[]).map((name) => (
        <button
          key={name}
          type="button"
          class="small"
          aria-pressed={name === range}
          onClick={() => onRange(name)}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}

const OUTCOMES = ['', 'delivered', 'rejected', 'failed', 'unsent', 'unknown'] as const;

const COLUMNS: readonly TableColumn<AttemptStep>[] = [
  { title: 'When', cell: ({ at }) => <Ago at={Date.parse(at)} />, sortBy: ({ at }) => at },
  { title: 'Outcome', cell: ({ outcome = '' }) => <Pill word={outcome} />, sortBy: ({ outcome }) => outcome },
  {
    title: 'Status',
    cell: ({ status, code }) => status ?? code,
    sortBy: ({ status, code }) => `${status ?? code}`,
  },
  {
    title: 'Message',
    cell: (one) => {
      const id = one.messageId ?? one.sqsMessageId;
      return (
        <>
          {id !== undefined && <MessageLink id={id} />}
          <KeptText of={one} />
        </>
      );
    },
    isWide: true,
  },
  { title: 'Attempt', cell: ({ attempt }) => attempt, sortBy: ({ attempt }) => attempt, isNumber: true },
  {
    title: 'Took',
    cell: ({ durationMs }) => durationMs !== undefined && duration(durationMs),
    sortBy: ({ durationMs }) => durationMs,
    isNumber: true,
  },
  { title: 'Then', cell: thenOf },
];

/** What followed from an outcome. */
export function thenOf({ action, fate }: AttemptStep): string | undefined {
  if (action === 'pause' && fate !== undefined) return `pause, ${fate}`;
  return action === 'done' ? undefined : action;
}

/** What the item's `logging` had kept of the request and the answer. */
export function KeptText({ of }: { readonly of: AttemptStep }) {
  const parts = [
    ['Request headers', of.requestHeaders],
    ['Request body', of.requestBody],
    ['Answer headers', of.answerHeaders],
    ['Answer body', of.answerBody],
  ].filter((part): part is [string, string] => part[1] !== undefined);
  if (parts.length === 0) return null;
  return (
    <details>
      <summary>Request and answer</summary>
      {parts.map(([title, text]) => (
        <div key={title}>
          <small>{title}</small>
          <pre>{text}</pre>
        </div>
      ))}
    </details>
  );
}

/** Shows the newest attempts. */
export function AttemptsTab({ id }: TabProps) {
  const [range, setRange] = useState<RangeName>('1h');
  const [outcome, setOutcome] = useState('');
  const request = {
    subscription: id,
    limit: MOST,
    since: range,
    ...(outcome !== '' && { outcome: [outcome] }),
  };
  const found = useCommand('attempts', request, EVERY_MS);
  return (
    <>
      <div class="tools">
        <RangeChoice range={range} onRange={setRange} />
        <select
          aria-label="Outcome"
          value={outcome}
          onChange={(event) => setOutcome(event.currentTarget.value)}
        >
          {OUTCOMES.map((one) => (
            <option key={one} value={one}>
              {one === '' ? 'every outcome' : one}
            </option>
          ))}
        </select>
      </div>
      <Content of={found} what="the attempts in the logs">
        {({ attempts = [], more }) =>
          attempts.length === 0 ? (
            <Empty>
              No attempt {outcome === '' ? '' : `with the outcome ${outcome} `}is in the logs of the last{' '}
              {range}. A new one shows up here after some seconds.
            </Empty>
          ) : (
            <>
              <Plots attempts={attempts} more={more} rangeMs={RANGES[range]} />
              {more && <p class="hint">These are the newest {amount(attempts.length)} attempts.</p>}
              <DataTable
                rows={attempts.toReversed()}
                columns={COLUMNS}
                keyOf={(one, index) => `${one.at} ${one.messageId} ${one.attempt} ${index}`}
                caption="Attempts"
              />
            </>
          )
        }
      </Content>
    </>
  );
}

function Plots({
  attempts,
  more,
  rangeMs,
}: {
  readonly attempts: readonly AttemptStep[];
  readonly more: boolean;
  readonly rangeMs: number;
}) {
  const range = plotRange(attempts, { more, rangeMs, now: Date.now() });
  return (
    <div class="plots">
      <OutcomePlot attempts={attempts} range={range} />
      <LatencyPlot attempts={attempts} range={range} />
    </div>
  );
}
