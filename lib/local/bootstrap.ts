// Runs in a child process, as Lambda's Node.js runtime does: imports the bundle and answers invocations one by one over
// IPC. It catches only errors of the handler: any other error ends the process, and with it the environment.
import { pathToFileURL } from 'node:url';

/** A request of the parent; the parent sends the next one after the answer. */
export type Invocation = {
  requestId: string;
  arn: string;
  /** Milliseconds since 1970 at which the environment is killed. */
  deadlineMs: number;
  event: unknown;
};

/** A message of the child: one after the import, then one for each invocation. */
export type InvocationAnswer =
  | { kind: 'ready' }
  | { kind: 'answered'; requestId: string; payload: string | undefined }
  | { kind: 'threw'; requestId: string; errorType: string; errorMessage: string };

// Ctrl-C in a terminal reaches the whole process group, but the parent has to end this process.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));

const [file = '', handlerName = ''] = process.argv.slice(2);
const handler = await load(file, handlerName);

process.on('message', (invocation: Invocation) => {
  void answer(invocation).then((sent) => process.send?.(sent));
});
process.send?.({ kind: 'ready' } satisfies InvocationAnswer);

async function load(path: string, name: string): Promise<(event: unknown, context: object) => unknown> {
  const bundle: Record<string, unknown> = await import(pathToFileURL(path).href);
  const exported = bundle[name];
  if (typeof exported !== 'function') throw new Error(`${path} exports no function ${name}`);
  return (event, context) => exported(event, context);
}

async function answer(invocation: Invocation): Promise<InvocationAnswer> {
  const { requestId } = invocation;
  try {
    const result: unknown = await handler(invocation.event, contextOf(invocation));
    return { kind: 'answered', requestId, payload: JSON.stringify(result) };
  } catch (error) {
    console.error(`${requestId} ERROR Invoke Error`, error);
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    return { kind: 'threw', requestId, errorType: name, errorMessage: message };
  }
}

function contextOf({ requestId, arn, deadlineMs }: Invocation) {
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: arn,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}
