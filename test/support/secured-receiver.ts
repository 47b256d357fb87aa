// A callback that checks the Authorization header: 200 for accepted values, 401 for others.
import { createServer } from 'node:http';
import { listen } from '#lib/local/aws/listen.ts';

export type SecuredReceiver = Awaited<ReturnType<typeof startSecuredReceiver>>;

type Accepts = (authorization: string | undefined) => boolean | Promise<boolean>;

export async function startSecuredReceiver(accepts: Accepts) {
  const options = { accepts };
  const seen: { body: string; authorization: string | undefined; attempt: string; status: number }[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req.setEncoding('utf8')) body += chunk;
    const { authorization } = req.headers;
    const status = (await options.accepts(authorization)) ? 200 : 401;
    seen.push({ body, authorization, attempt: String(req.headers['webhook-attempt']), status });
    res.writeHead(status).end();
  });
  const listening = await listen(server, 0);
  return {
    url: listening.url,
    options,
    seen,
    /** The body and status of each request, in order. */
    answers: () => seen.map(({ body, status }): [string, number] => [body, status]),
    close: listening.close,
  };
}
