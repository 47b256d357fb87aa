// Asks the page's server to run a command of the CLI and reads its answer line by line.
import type { CommandEnd, CommandLine, CommandProgress } from '../wire.ts';
import type { Results } from './results.ts';
import { takeToken } from './token.ts';

const token = takeToken();

export type CommandName = keyof Results;

export type Answered<T> =
  | { readonly ok: true; readonly result: T; readonly said: string; readonly notes: readonly string[] }
  | {
      readonly ok: false;
      readonly message: string;
      readonly result: T | undefined;
      readonly notes: readonly string[];
    };

type Following = {
  readonly onProgress?: (progress: CommandProgress) => void;
  readonly signal?: AbortSignal;
};

const NO_TOKEN =
  'This address has no token. Open the whole address that “webhooks page” or “npm start” has printed.';
const NOT_REACHED =
  'The server of this page does not answer. Is “webhooks page” or “npm start” still running? If it was started again, open the address that it has printed.';

/** Runs a command. Never rejects: a failure is an answer with a sentence. */
export async function runCommand<Name extends CommandName>(
  name: Name,
  request: Readonly<Record<string, unknown>>,
  { onProgress, signal }: Following = {},
): Promise<Answered<Results[Name]>> {
  const notes: string[] = [];
  const failed = (message: string) => ({ ok: false, message, result: undefined, notes }) as const;
  if (token === undefined) return failed(NO_TOKEN);
  try {
    const answer = await fetch(`/api/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(request),
      ...(signal !== undefined && { signal }),
    });
    if (!answer.ok) return failed(await refusalIn(answer));
    let end: CommandEnd | undefined;
    for await (const line of linesOf(answer)) {
      if (line.kind === 'progress') onProgress?.(line.progress);
      else if (line.kind === 'note') notes.push(line.note);
      else end = line.end;
    }
    if (end === undefined) return failed('The answer ended in the middle. Load the page again.');
    // The server is of the same version: it has served this script. A test runs every command and reads its result.
    const result = end.result as Results[Name];
    return end.ok
      ? { ok: true, result, said: end.said, notes }
      : { ok: false, message: end.message, result, notes };
  } catch {
    return failed(signal?.aborted === true ? 'It was stopped.' : NOT_REACHED);
  }
}

async function refusalIn(answer: Response): Promise<string> {
  const said: unknown = await answer.json().catch(() => undefined);
  return typeof said === 'object' && said !== null && 'message' in said
    ? String(said.message)
    : `The server of this page answered ${answer.status}.`;
}

async function* linesOf({ body }: Response): AsyncGenerator<CommandLine> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const read = await reader?.read();
    if (read === undefined || read.done) return;
    const lines = (rest + read.value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as CommandLine;
  }
}
