// `npm start`: the whole set on this machine until Ctrl-C. start-options.ts has the options. PORT, RECEIVER_PORT and PAGE_PORT
// set the ports; 0 is any free one.
import { createContext } from '#lib/cli/terminal/context.ts';
import { escapedControls } from '#lib/cli/terminal/print.ts';
import { startPage } from '#lib/page/server.ts';
import { realClock } from './aws/clock.ts';
import { startDemo } from './demo.ts';
import { createEnding } from './ending.ts';
import { instructions } from './instructions.ts';
import { startLocalSet } from './set.ts';
import { type StartOptions, startCommandOf } from './start-options.ts';

const root = process.cwd();
const closing: (() => Promise<void>)[] = [];
// Log lines and the demo's lines hold texts of items, messages and answers, which must not control the terminal.
const print = (line: string): void => console.log(escapedControls(line));
const ending = createEnding({ close: closeStarted, exit: process.exit, print, clock: realClock });

/** Closes started parts only; a part that is still starting ends with the process. */
async function closeStarted(): Promise<void> {
  for (const close of closing.splice(0)) await close();
}

function portFrom(name: string, otherwise: number): number {
  const text = process.env[name] ?? String(otherwise);
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new Error(`${name} is ${JSON.stringify(text)}; it must be a port, 0 to 65535.`);
}

/** Whether to show a line: warnings, errors, and lines that are no log lines, such as the stack of a crash. */
function isLoud(line: string): boolean {
  try {
    const { level, _aws } = JSON.parse(line);
    return _aws === undefined && level !== 'INFO' && level !== 'DEBUG' && level !== 'TRACE';
  } catch {
    return line.trim() !== '';
  }
}

async function start({ demo: hasDemo, kafka, verbose }: StartOptions): Promise<void> {
  print('Starting. If sources have changed, this packages them first.');
  const set = await startLocalSet({
    root,
    port: portFrom('PORT', 4566),
    onLog: (name, line) => {
      if (!ending.begun() && (verbose || isLoud(line))) print(`[${name}] ${line}`);
    },
    onPollerError: (text) => {
      if (!ending.begun()) print(`[poller] ${text}`);
    },
  });
  closing.push(set.close);
  if (ending.begun()) return;
  print(
    `SQS, DynamoDB, Secrets Manager, EventBridge, CloudWatch Logs (FilterLogEvents) and Lambda (Invoke) answer on ${set.url}; the functions are at work.`,
  );
  const { env, stdin, stdout, stderr } = process;
  const context = createContext(() => ({ stage: 'local', endpointUrl: set.url }), {
    env,
    stdin,
    stdout,
    stderr,
  });
  const page = await startPage({ port: portFrom('PAGE_PORT', 0), setBy: 'PAGE_PORT' }, context);
  closing.unshift(page.close, async () => context.close());
  if (ending.begun()) return;
  const receiverPort = portFrom('RECEIVER_PORT', 8080);
  const demo = !hasDemo ? undefined : await startDemo({ set, receiverPort, root, kafka, print });
  if (demo !== undefined) closing.push(demo.close);
  if (!ending.begun()) {
    print(instructions(set, demo?.url ?? `http://127.0.0.1:${receiverPort}`, page.address));
  }
}

const command = startCommandOf(process.argv.slice(2));
if (command.kind !== 'start') {
  (command.kind === 'help' ? console.log : console.error)(command.text);
  process.exit(command.kind === 'help' ? 0 : 2);
}

process.on('SIGINT', () => void ending.interrupt());
process.on('SIGTERM', () => void ending.interrupt());
// npm runs this process in a shell. A signal that is sent to npm alone ends npm and the shell, and does not reach this process.
// Then this process has another parent.
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid;
  setInterval(() => process.ppid !== shell && void ending.interrupt(), 1000).unref();
}
start(command.options).catch(async (error: unknown) => {
  console.error(escapedControls(error instanceof Error ? error.message : String(error)));
  await closeStarted();
  process.exit(1);
});
