// `npm start`: the whole set on this machine until Ctrl-C. `--no-demo` leaves the samples and the receiver out, `--kafka
// HOST:PORT` has the samples' dead letters go to a topic there, `--verbose` shows every line of the functions. PORT and
// RECEIVER_PORT set the ports; 0 is any free one.
import { parseArgs } from 'node:util';
import { startDemo } from './demo.ts';
import { instructions } from './instructions.ts';
import { startLocalSet } from './set.ts';

const root = process.cwd();
const { values } = parseArgs({
  options: {
    'no-demo': { type: 'boolean', default: false },
    kafka: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const { kafka } = values;
const closing: (() => Promise<void>)[] = [];
let endingSince: number | undefined;
// npm passes a Ctrl-C on that the terminal has sent to us already: the same one, not a second.
const SAME_CTRL_C_MS = 500;

const isEnding = (): boolean => endingSince !== undefined;
const print = (line: string): void => console.log(line);

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

async function start(): Promise<void> {
  if (kafka !== undefined && !/^\S+:\d{1,5}$/.test(kafka)) {
    throw new Error(`--kafka is ${JSON.stringify(kafka)}; it must be a broker as HOST:PORT.`);
  }
  if (kafka !== undefined && values['no-demo']) {
    throw new Error('--kafka is for the samples, which --no-demo leaves out: put an endpoint of your own.');
  }
  print('Starting. If sources have changed, this packages them first.');
  const set = await startLocalSet({
    root,
    port: portFrom('PORT', 4566),
    onLog: (name, line) => {
      if (!isEnding() && (values.verbose || isLoud(line))) print(`[${name}] ${line}`);
    },
    onPollerError: (text) => {
      if (!isEnding()) print(`[poller] ${text}`);
    },
  });
  closing.push(set.close);
  if (isEnding()) return;
  print(
    `SQS, DynamoDB, Secrets Manager, EventBridge and Lambda's Invoke answer on ${set.url}; the functions are at work.`,
  );
  const receiverPort = portFrom('RECEIVER_PORT', 8080);
  const demo = values['no-demo'] ? undefined : await startDemo({ set, receiverPort, root, kafka, print });
  if (demo !== undefined) closing.push(demo.close);
  if (!isEnding()) print(instructions(set, demo?.url ?? `http://127.0.0.1:${receiverPort}`));
}

async function end(): Promise<void> {
  if (endingSince !== undefined) {
    if (Date.now() - endingSince > SAME_CTRL_C_MS) process.exit(130);
    return;
  }
  endingSince = Date.now();
  print('\nStopping after the running invocations. Press Ctrl-C again to stop now.');
  // Closes started parts only; a part that is still starting ends with the process.
  for (const close of closing.splice(0)) await close();
  process.exit(0);
}

process.on('SIGINT', () => void end());
process.on('SIGTERM', () => void end());
// A signal that ends only npm ends its shell but does not reach this process, which can see that the shell is gone.
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid;
  setInterval(() => process.ppid !== shell && void end(), 1000).unref();
}
start().catch(async (error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  for (const close of closing.splice(0)) await close();
  process.exit(1);
});
