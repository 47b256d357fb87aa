// One Lambda execution environment: one child process that runs a function's bundle, one invocation at a time, frozen in
// between.
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Invocation, InvocationAnswer } from './bootstrap.ts';
import type { FunctionDefinition } from './template.ts';
import { canFreeze, watch } from './watchdog.ts';

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.ts', import.meta.url));

export type InvocationResult =
  | { ok: true; payload: unknown }
  | { ok: false; errorType: string; errorMessage: string };

export type Environment = {
  readonly pid: number | undefined;
  /** False once the process has ended or is about to. */
  alive(): boolean;
  /** Runs the handler. Call it only after the previous invocation has ended. Never rejects. */
  invoke(event: unknown, requestId: string): Promise<InvocationResult>;
  /** Kills the process, also during an invocation. Resolves when it has ended. */
  kill(): Promise<void>;
};

export type EnvironmentOptions = {
  /** The folder that the handler's path starts from. */
  root: string;
  /** Added to what Lambda and the template set: the endpoints, the region. */
  environment: Record<string, string>;
  onLog: (functionName: string, line: string) => void;
  /**
   * false: an environment is not frozen between its invocations. The signals that freeze and wake a process cost it CPU time,
   * which a benchmark must not count: AWS freezes the whole virtual machine from outside.
   */
  freeze?: boolean | undefined;
};

// Lambda gives an import 10 s; this machine may be busy with several at once.
const INIT_MS = 30_000;

/** Starts a process for the function. Its first invocation waits for the import. */
export function startEnvironment(definition: FunctionDefinition, options: EnvironmentOptions): Environment {
  const child = startProcess(definition, options);
  const freezes = canFreeze && options.freeze !== false;
  const initialized = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let alive = true;
  let settle: ((result: InvocationResult) => void) | undefined;

  function finish(result: InvocationResult): void {
    settle?.(result);
    settle = undefined;
  }

  function end(result: InvocationResult): Promise<void> {
    alive = false;
    child.kill('SIGKILL');
    finish(result);
    return ended.promise;
  }

  function ends(how: string): void {
    alive = false;
    finish(failed('Runtime.ExitError', `Runtime exited with error: ${how}`));
    initialized.resolve();
    ended.resolve();
  }

  child.on('message', (answer: InvocationAnswer) => {
    if (answer.kind === 'ready') return initialized.resolve();
    // First of all: work that the handler left running must stop now.
    if (freezes && alive) child.kill('SIGSTOP');
    finish(resultOf(answer));
  });
  child.once('exit', (code, signal) => ends(signal === null ? `exit status ${code}` : `signal: ${signal}`));
  child.once('error', (error) => ends(error.message));

  function endAfter(ms: number, errorType: string, what: string): NodeJS.Timeout {
    return setTimeout(() => {
      void end(failed(errorType, `${what} after ${(ms / 1000).toFixed(2)} seconds`));
    }, ms);
  }

  async function invoke(event: unknown, requestId: string): Promise<InvocationResult> {
    if (settle !== undefined) throw new Error(`${definition.name}: one invocation at a time`);
    if (!alive) return failed('Runtime.ExitError', 'The environment has ended');
    const result = new Promise<InvocationResult>((resolve) => {
      settle = resolve;
    });
    const initTimer = endAfter(INIT_MS, 'Sandbox.Timedout', 'Init timed out');
    await initialized.promise;
    clearTimeout(initTimer);
    if (!alive) return result;
    const timeoutMs = definition.timeoutSeconds * 1000;
    const timer = endAfter(timeoutMs, 'Sandbox.Timedout', 'Task timed out');
    const invocation: Invocation = {
      requestId,
      arn: definition.arn,
      deadlineMs: Date.now() + timeoutMs,
      event,
    };
    if (freezes) child.kill('SIGCONT');
    // A send fails only if the process has ended, and the `exit` event above handles that.
    child.send(invocation, () => {});
    return result.finally(() => clearTimeout(timer));
  }

  return {
    pid: child.pid,
    alive: () => alive,
    invoke,
    kill: () => end(failed('Runtime.ExitError', 'Runtime exited with error: signal: killed')),
  };
}

function startProcess(definition: FunctionDefinition, options: EnvironmentOptions): ChildProcess {
  const dot = definition.handler.lastIndexOf('.');
  const file = resolve(options.root, `${definition.handler.slice(0, dot)}.js`);
  const child = fork(BOOTSTRAP, [file, definition.handler.slice(dot + 1)], {
    cwd: options.root,
    env: { ...lambdaEnvironment(definition), ...definition.environment, ...options.environment },
    execArgv: heapOf(definition),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  watch(child);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => options.onLog(definition.name, line));
  }
  return child;
}

// Lambda's runtime gives a tenth of the memory to the young generation, half of it to each semi-space, and the rest to the old one.
const heapOf = ({ memoryMb }: FunctionDefinition): string[] => [
  `--max-semi-space-size=${Math.floor(memoryMb / 20)}`,
  `--max-old-space-size=${memoryMb - Math.floor(memoryMb / 10)}`,
];

// The variables that Lambda sets: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html. Of this process's own
// variables a function gets only PATH, to find programs.
const lambdaEnvironment = ({ name, handler, memoryMb }: FunctionDefinition): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  LANG: 'en_US.UTF-8',
  TZ: ':UTC',
  _HANDLER: handler,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${randomUUID().replaceAll('-', '')}`,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_SESSION_TOKEN: 'test',
});

function resultOf(answer: Exclude<InvocationAnswer, { kind: 'ready' }>): InvocationResult {
  if (answer.kind === 'threw') return failed(answer.errorType, answer.errorMessage);
  // Lambda answers null for a handler that returns nothing.
  return { ok: true, payload: answer.payload === undefined ? null : JSON.parse(answer.payload) };
}

const failed = (errorType: string, errorMessage: string): InvocationResult => ({
  ok: false,
  errorType,
  errorMessage,
});
