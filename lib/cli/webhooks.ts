#!/usr/bin/env node
// `npm run webhooks -- …`, or `npx webhooks …`: the program.
import { run } from './run.ts';

const { env, stdin, stdout, stderr } = process;
// A reader such as `head` may close the pipe early.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
process.exitCode = await run(process.argv.slice(2), { env, stdin, stdout, stderr });
