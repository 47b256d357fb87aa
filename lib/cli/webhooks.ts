#!/usr/bin/env node
// `npm run webhooks -- …`, or `npx webhooks …`: the program. What it does is run.ts's.
import { run } from './run.ts';

const { env, stdin, stdout, stderr } = process;
// Whoever reads may have had enough, as `head` has.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
process.exitCode = await run(process.argv.slice(2), { env, stdin, stdout, stderr });
