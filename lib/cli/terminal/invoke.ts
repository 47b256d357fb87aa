// Invokes a deployed function and parses its answer.
import * as z from 'zod';
import { CommandFailed } from './command-failed.ts';
import type { CommandContext } from './context.ts';

type Asked = Pick<CommandContext, 'lambda' | 'names'>;

const thrown = z.object({ errorType: z.string().optional(), errorMessage: z.string().optional() });

/** Invokes a function and returns its answer. An error of the function ends the command. */
export async function invoke(
  name: 'resume' | 'redrive',
  request: unknown,
  { lambda, names }: Asked,
): Promise<unknown> {
  const { InvokeCommand } = await import('@aws-sdk/client-lambda');
  const FunctionName = names.function(name);
  const client = await lambda();
  const command = new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(request)) });
  const { Payload, FunctionError } = await client.send(command).catch((error: unknown) => {
    throw isLost(error) ? lost(FunctionName, error) : error;
  });
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString() || 'null');
  if (FunctionError === undefined) return answer;
  const { errorType = FunctionError, errorMessage = '' } = thrown.safeParse(answer).data ?? {};
  throw new CommandFailed(
    `The function ${FunctionName} failed (${errorType}): ${errorMessage} Its log, /aws/lambda/${FunctionName}, says more. It may have done nothing, a part, or everything: check with status.`,
  );
}

/** The request was sent, and no answer came. */
const isLost = (error: unknown): error is Error =>
  error instanceof Error && (LOST.has(error.name) || ('code' in error && LOST.has(String(error.code))));
const LOST = new Set(['ECONNRESET', 'EPIPE', 'TimeoutError']);

const lost = (functionName: string, cause: Error) =>
  new CommandFailed(
    `The connection was lost before ${functionName} answered: the request may have been carried out. Check with status before you repeat it.`,
    1,
    { cause },
  );

const refusal = z.object({ ok: z.literal(false), message: z.string() });

/** Asks `resume` and parses its answer. A refusal ends the command with the function's sentence. */
export async function askResume<T>(
  request: Readonly<Record<string, unknown>>,
  expected: z.ZodType<T>,
  context: Asked,
): Promise<T> {
  const answer = await invoke('resume', request, context);
  const refused = refusal.safeParse(answer);
  if (refused.success) throw new CommandFailed(refused.data.message);
  const read = expected.safeParse(answer);
  if (read.success) return read.data;
  const FunctionName = context.names.function('resume');
  throw new CommandFailed(
    `The answer of ${FunctionName} has an unknown format: it is another version than this CLI. Deploy this version (npm run deploy -- --stage ${context.names.stage}), or use the CLI of the deployed version.`,
  );
}
