#!/usr/bin/env node
// `npm run webhooks -- …`, or `npx webhooks …`: the program.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Half of the time of a short command was the compilation of its modules. The cache is in the checkout and not in /tmp, where
// another user could put code into it. Where it can't be written, the command runs without it.
enableCompileCache(fileURLToPath(new URL('../../.build/compile-cache', import.meta.url)));
const { run } = await import('./run.ts');

const { env, stdin, stdout, stderr } = process;
// A reader such as `head` may close the pipe early.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
process.exitCode = await run(process.argv.slice(2), { env, stdin, stdout, stderr });
