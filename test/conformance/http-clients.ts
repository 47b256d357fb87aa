// What curl, Go's net/http and Python's http.client make of the table of answers in RECEIVERS.md. Run by hand, because each
// version of a client differs a little: `node test/conformance/http-clients.ts`. A client that is not installed is named.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ANSWER_ROWS } from '#test/support/answer-rows.ts';
import { rowServer } from '#test/support/row-server.ts';

const run = promisify(execFile);
const SECONDS = 2;

const GO = `package main
import ("fmt"; "io"; "net/http"; "os"; "strings"; "time")
func main() {
	client := http.Client{Timeout: ${SECONDS} * time.Second}
	answer, bad := client.Post(os.Args[1], "text/plain", strings.NewReader("x"))
	if bad != nil { fmt.Println("fails"); return }
	_, bad = io.Copy(io.Discard, answer.Body)
	if bad != nil { fmt.Println(answer.StatusCode, "body fails"); return }
	fmt.Println(answer.StatusCode)
}`;
const PYTHON = `
import http.client, sys, threading, os, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
status = None
def late():
    print("fails" if status is None else f"{status} body fails", flush=True)
    os._exit(0)
timer = threading.Timer(${SECONDS}, late)
timer.daemon = True
timer.start()
try:
    connection = http.client.HTTPConnection(url.netloc, timeout=${SECONDS})
    connection.request("POST", "/", body="x")
    answer = connection.getresponse()
    status = answer.status
    answer.read()
    print(status)
except (http.client.HTTPException, OSError, ValueError):
    print("fails" if status is None else f"{status} body fails")
`;

const folder = mkdtempSync(join(tmpdir(), 'http-clients-'));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

type Client = { readonly version: string; readonly ask: (url: string) => Promise<string> };

async function curl(): Promise<Client> {
  const { stdout } = await run('curl', ['--version']);
  return {
    version: stdout.split(' ').slice(0, 2).join(' '),
    async ask(url) {
      // Its exit code says whether the whole answer came; the status is printed all the same.
      const given = [
        '-s',
        '-m',
        String(SECONDS),
        '-o',
        '/dev/null',
        '-w',
        '%{http_code} %{exitcode}',
        '-d',
        'x',
        url,
      ];
      const { stdout } = await run('curl', given).catch((error: { stdout: string }) => error);
      const [status = '', code] = stdout.trim().split(' ');
      if (code === '0') return status;
      return status === '000' ? 'fails' : `${status} body fails`;
    },
  };
}

async function go(): Promise<Client> {
  const { stdout } = await run('go', ['version']);
  await run('go', ['build', '-o', join(folder, 'client'), file('client.go', GO)]);
  return {
    version: stdout.split(' ').slice(1, 3).join(' '),
    ask: async (url) => (await run(join(folder, 'client'), [url])).stdout.trim(),
  };
}

async function python(): Promise<Client> {
  const { stdout } = await run('python3', ['--version']);
  const script = file('client.py', PYTHON);
  return { version: stdout.trim(), ask: async (url) => (await run('python3', [script, url])).stdout.trim() };
}

const clients: Client[] = [];
for (const start of [curl, go, python]) {
  try {
    clients.push(await start());
  } catch (error) {
    console.log(
      `${start.name} is left out: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}`,
    );
  }
}
console.log(`| answer | ${clients.map(({ version }) => version).join(' | ')} |`);
for (const row of ANSWER_ROWS) {
  const cells: string[] = [];
  for (const { ask } of clients) {
    const server = await rowServer(row);
    cells.push(await ask(server.url));
    await server.close();
  }
  console.log(`| ${row.name} | ${cells.join(' | ')} |`);
}
rmSync(folder, { recursive: true });
