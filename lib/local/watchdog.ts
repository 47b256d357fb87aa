// No process is left behind, however this one ends. A frozen environment cannot see that its parent is gone, so on exit they are
// killed from here, and when this process is killed itself, by a small shell that waits for its end. Nothing to do on Windows.
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

/** Sees to it that the child does not outlive this process. */
export function watch(child: ChildProcess): void {
  if (watched.size === 0) process.once('exit', killAll);
  watched.add(child);
  tell('+', child);
  child.once('exit', () => {
    watched.delete(child);
    tell('-', child);
    if (watched.size > 0) return;
    process.removeListener('exit', killAll);
    shell?.stdin?.end();
    shell = undefined;
  });
}

function killAll(): void {
  for (const child of watched) child.kill('SIGKILL');
}

function tell(sign: '+' | '-', { pid }: ChildProcess): void {
  if (!canFreeze || pid === undefined) return;
  if (shell === undefined) {
    shell = spawn('/bin/sh', ['-c', SHELL], { stdio: ['pipe', 'ignore', 'ignore'], env: {}, detached: true });
    shell.unref();
    // Without it there is no worse than a stopped process that lives on.
    shell.once('error', () => {});
    shell.stdin?.on('error', () => {});
  }
  shell.stdin?.write(`${sign} ${pid}\n`);
}
