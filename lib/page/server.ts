// The server of the page. It listens on 127.0.0.1 only. It serves the files of the page. For requests with the token of the
// page's address it runs commands of the CLI, with the rights of the person who started it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Asset, pageAssets } from '#lib/build/page-files.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { type Listening, listen } from '#lib/local/aws/listen.ts';
import { hasToken, newToken, refusalOfRequest, SECURITY_HEADERS } from './access.ts';
import { answerCommand } from './answer.ts';
import { COMMANDS, type PageCommand } from './commands.ts';
import type { CommandLine } from './wire.ts';

/** More than a message of the largest size needs in JSON. */
const MOST_BODY_BYTES = 4 * 1024 * 1024;
/** Commands that run at once. A browser opens six connections. */
const MOST_COMMANDS = 24;
/** The paths of the page's views. All of them return the same document. */
const VIEWS = new Set(['/', '/subscription', '/message', '/dead-letters', '/publish']);

export type PageServer = Listening & {
  /** The address, with the token in its fragment. A browser does not send the fragment to any server. */
  readonly address: string;
};

/** Starts the server on a port of 127.0.0.1, 0 for any free one. Throws when it can't listen; `setBy` then names what sets the port. */
export async function startPage(
  { port, setBy }: { readonly port: number; readonly setBy: string },
  context: CommandContext,
): Promise<PageServer> {
  const [assets, token] = [await pageAssets(), newToken()];
  let running = 0;

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const refusal = refusalOfRequest(req.headers);
    if (refusal !== undefined) return refuse(res, 403, refusal);
    const [path = '/'] = (req.url ?? '/').split('?', 1);
    if (!path.startsWith('/api/')) return serve(req, res, assets.get(VIEWS.has(path) ? '/' : path));
    if (!hasToken(req.headers, token)) return refuse(res, 401, NO_TOKEN);
    if (req.method !== 'POST' || !/^application\/json\b/.test(req.headers['content-type'] ?? ''))
      return refuse(res, 405, 'A command is a POST with JSON.');
    const asked = await commandIn(path.slice('/api/'.length), req);
    if (!asked.ok) return refuse(res, asked.status, asked.fault);
    if (running >= MOST_COMMANDS)
      return refuse(res, 503, 'Too many commands run at once: close other tabs of the page, or wait.');
    running += 1;
    try {
      await answer(asked.command, res);
    } finally {
      running -= 1;
    }
  }

  async function answer(command: PageCommand, res: ServerResponse): Promise<void> {
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    res.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'application/x-ndjson; charset=utf-8' });
    const line = (one: CommandLine): void => void res.write(`${JSON.stringify(one)}\n`);
    const end = await answerCommand(command, { line, signal: gone.signal }, context);
    line({ kind: 'end', end });
    res.end();
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((error: unknown) => {
      if (res.headersSent || res.destroyed) res.destroy();
      else refuse(res, 500, `This is a bug in sqs-webhooks: ${error instanceof Error ? error.stack : error}`);
    });
  });
  const listening = await listen(server, port, setBy);
  return { ...listening, address: `${listening.url}/#token=${token}` };
}

const NO_TOKEN =
  'The token is missing or another one: open the address that `webhooks page` or `npm start` has printed.';

function refuse(res: ServerResponse, status: number, message: string): void {
  // The rest of the request is not read.
  const headers = { 'content-type': 'application/json; charset=utf-8', connection: 'close' };
  res.writeHead(status, { ...SECURITY_HEADERS, ...headers });
  res.end(JSON.stringify({ message }));
}

function serve({ method }: IncomingMessage, res: ServerResponse, asset: Asset | undefined): void {
  if (method !== 'GET' && method !== 'HEAD') {
    refuse(res, 405, 'Only GET is answered here.');
    return;
  }
  if (asset === undefined) {
    refuse(res, 404, 'There is nothing at this address.');
    return;
  }
  res.writeHead(200, {
    ...SECURITY_HEADERS,
    'content-type': asset.type,
    'content-length': asset.body.length,
  });
  res.end(method === 'HEAD' ? undefined : asset.body);
}

type Asked = { ok: true; command: PageCommand } | { ok: false; status: number; fault: string };

const isCommand = (name: string): name is keyof typeof COMMANDS => Object.hasOwn(COMMANDS, name);

async function commandIn(name: string, req: AsyncIterable<Buffer>): Promise<Asked> {
  if (!isCommand(name)) return { ok: false, status: 404, fault: 'There is no such command.' };
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of req) {
    bytes += piece.length;
    if (bytes > MOST_BODY_BYTES)
      return { ok: false, status: 413, fault: `A request has at most ${MOST_BODY_BYTES} bytes.` };
    pieces.push(piece);
  }
  const parsed = COMMANDS[name].parse(json(Buffer.concat(pieces).toString('utf8')));
  return parsed.ok ? parsed : { ok: false, status: 400, fault: `${name} was refused: ${parsed.fault}` };
}

/** Returns undefined for text that is not JSON: every command refuses undefined as its input. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
