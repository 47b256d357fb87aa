// Merges the lines of several functions into one stream in the order of time. It holds one page of each function.
import { type LogClients, type LogPage, type LogRange, logPages } from './log-pages.ts';
import { type LoggingFunction, type LogLine, type Step, stepIn } from './step.ts';

/** Told of each page, before its steps. */
export type OnPage = (page: LogPage, of: LoggingFunction) => void;

type Stream = {
  readonly name: LoggingFunction;
  /** Makes `first` the next step, or leaves it undefined when there is none. */
  readonly advance: () => Promise<void>;
  first: { readonly step: Step; readonly line: LogLine } | undefined;
};

/** Yields the steps of the range, the oldest first. Functions without a log group are passed to `onMissing`. */
export async function* stepsInRange(
  names: readonly LoggingFunction[],
  range: LogRange,
  onPage: OnPage,
  onMissing: (name: LoggingFunction) => void,
  clients: LogClients,
): AsyncGenerator<Step> {
  const streams = names.map((name) => streamOf(name, range, onPage, onMissing, clients));
  await Promise.all(streams.map(({ advance }) => advance()));
  for (;;) {
    let next: Stream | undefined;
    // On a tie the function named first comes first: a message is routed before it is delivered.
    for (const stream of streams) {
      if (stream.first && (next?.first === undefined || stream.first.line.at < next.first.line.at))
        next = stream;
    }
    if (next?.first === undefined) return;
    yield next.first.step;
    await next.advance();
  }
}

function streamOf(
  name: LoggingFunction,
  range: LogRange,
  onPage: OnPage,
  onMissing: (name: LoggingFunction) => void,
  clients: LogClients,
): Stream {
  const pages = logPages(name, range, clients);
  let page: LogPage = [];
  let at = 0;
  const stream: Stream = { name, advance, first: undefined };
  async function advance(): Promise<void> {
    stream.first = undefined;
    for (;;) {
      for (; at < page.length; at++) {
        const line = page[at];
        const step = line && stepIn(line, name);
        if (line === undefined || step === undefined) continue;
        at += 1;
        stream.first = { step, line };
        return;
      }
      const { value, done } = await pages.next();
      if (done === true) return;
      if (value === 'missing') return onMissing(name);
      page = value;
      at = 0;
      onPage(page, name);
    }
  }
  return stream;
}
