// Runs commands of the CLI in this process: nothing is started, and the modules are loaded once for all commands of a test file.
// cli-program.ts runs the program, for tests of what only a process has: the environment, signals, memory.
import { PassThrough } from 'node:stream';
import { run } from '#lib/cli/run.ts';
import type { Ended } from './cli-program.ts';

/** Runs a command in this process, without a terminal and with no environment but an endpoint on this machine. */
export async function webhooks(
  args: readonly string[],
  { endpointUrl, stdin = '' }: { endpointUrl: string; stdin?: string },
): Promise<Ended> {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(stdin);
  const said = [output, errors].map((stream) => stream.setEncoding('utf8').toArray());
  const io = { env: { AWS_ENDPOINT_URL: endpointUrl }, stdin: input, stdout: output, stderr: errors };
  const code = await run(args, io);
  output.end();
  errors.end();
  const [stdout = '', stderr = ''] = (await Promise.all(said)).map((pieces) => pieces.join(''));
  return { code, stdout, stderr };
}
