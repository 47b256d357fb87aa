// A plot of columns over time, as SVG: its colours are those of the style sheet, and a table says the same in numbers.

type Series = {
  readonly name: string;
  readonly tone: 'good' | 'bad' | 'plain' | 'pale';
  /** One value for each column; undefined or 0 draws nothing. */
  readonly values: readonly (number | undefined)[];
};

const WIDTH = 600;
const HEIGHT = 90;
const MOST_TABLE_ROWS = 60;

const clock = (at: number): string => new Date(at).toLocaleTimeString(undefined, { timeStyle: 'short' });

/** Draws the series on top of each other. `unit`: how a value is written. */
export function Columns({
  title,
  series,
  from,
  to,
  unit,
}: {
  readonly title: string;
  readonly series: readonly Series[];
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly unit: (value: number) => string;
}) {
  const count = Math.max(...series.map(({ values }) => values.length));
  const columns = Array.from({ length: count }, (_, index) => ({
    at: from + ((to - from) * index) / count,
    values: series.map(({ values }) => values[index] ?? 0),
  }));
  const most = Math.max(...columns.map(({ values }) => sumOf(values)), 0);
  const wide = WIDTH / count;
  const filled = columns.filter(({ values }) => sumOf(values) > 0);
  return (
    <figure class="plot">
      <figcaption>
        <b>{title}</b>
        {series.map(({ name, tone }) => (
          <span key={name} class={`key ${tone}`}>
            {name}
          </span>
        ))}
        <span class="hint">{most > 0 ? `highest ${unit(most)}` : 'nothing in this time'}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={title}>
        {filled.map(({ at, values }) => {
          let y = HEIGHT;
          return (
            <g key={at}>
              <title>{lineOf(at, values, series, unit)}</title>
              {values.map((value, index) => {
                const high = value === 0 ? 0 : Math.max(1.5, (value / most) * (HEIGHT - 4));
                y -= high;
                const x = ((at - from) / (to - from)) * WIDTH;
                return (
                  <rect
                    key={series[index]?.name}
                    class={series[index]?.tone}
                    x={x + wide * 0.1}
                    y={y}
                    width={wide * 0.8}
                    height={high}
                  />
                );
              })}
            </g>
          );
        })}
      </svg>
      <div class="axis hint" aria-hidden="true">
        <span>{clock(from)}</span>
        <span>{clock((from + to) / 2)}</span>
        <span>{clock(to)}</span>
      </div>
      {filled.length > 0 && (
        <details>
          <summary>{title} in numbers</summary>
          <ul>
            {filled.slice(-MOST_TABLE_ROWS).map(({ at, values }) => (
              <li key={at}>{lineOf(at, values, series, unit)}</li>
            ))}
          </ul>
        </details>
      )}
    </figure>
  );
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const lineOf = (
  at: number,
  values: readonly number[],
  series: readonly Series[],
  unit: (value: number) => string,
): string =>
  `${clock(at)}: ${values.map((value, index) => `${series[index]?.name} ${unit(value)}`).join(', ')}`;
