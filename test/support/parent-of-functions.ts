// A process with one busy and one idle environment. It prints their process ids, for tests that kill it.
import { startTestFunctions } from './handlers.ts';

const functions = startTestFunctions({
  pid: `exports.handler = async (hang) => {
    console.log('pid ' + process.pid);
    if (hang) await new Promise(() => setInterval(() => {}, 1000));
  }`,
});
void functions.run('pid', true);
await functions.line('pid ');
await functions.run('pid', false);
// The log line of the second process may arrive after its answer, so wait for it.
while (functions.lines.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
console.log(functions.lines.map((line) => line.split(' ')[1]).join(' '));
