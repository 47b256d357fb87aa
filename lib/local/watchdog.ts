// Kills the child processes when this process ends. A frozen environment cannot see that its parent has ended. So this process
// kills them on exit, and a small shell kills them if this process is killed. It does nothing on Windows.
import { type ChildProcess, spawn } from 'node:child_process';

export const canFreeze = process.platform !== 'win32';

// Reads "+ PID" and "- PID"; at the end of its input, which is our end, kills what is left. A session of its own, so that Ctrl-C does not reach it.
const SHELL = `alive=' '
while read -r sign pid; do
  case $sign in
    +) alive="$alive$pid " ;;
    -) alive="\${alive%% $pid *} \${alive#* $pid }" ;;
  esac
done
[ -z "\${alive# }" ] || kill -9 $alive`;

const watched = new Set<ChildProcess>();
let shell: ChildProcess | undefined;

/** Registers a child process, so that it is killed when this process ends. */
export function watch(child: ChildProcess): void {
  if (watched.size === 0) process.once('exit', killAll);
  watched.add(child);
  sendToWatchdog('+', child);
  child.once('exit', () => {
    watched.delete(child);
    sendToWatchdog('-', child);
    if (watched.size > 0) return;
    process.removeListener('exit', killAll);
    shell?.stdin?.end();
    shell = undefined;
  });
}

function killAll(): void {
  for (const child of watched) child.kill('SIGKILL');
}

function sendToWatchdog(sign: '+' | '-', { pid }: ChildProcess): void {
  if (!canFreeze || pid === undefined) return;
  if (shell === undefined) {
    shell = spawn('/bin/sh', ['-c', SHELL], { stdio: ['pipe', 'ignore', 'ignore'], env: {}, detached: true });
    shell.unref();
    // Without the shell, the worst case is that a stopped process stays.
    shell.once('error', () => {});
    shell.stdin?.on('error', () => {});
  }
  shell.stdin?.write(`${sign} ${pid}\n`);
}
