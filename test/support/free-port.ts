// A port of 127.0.0.1 for a server that is started later, or for a connection that must be refused.
import { createServer } from 'node:http';
import { listen } from '#lib/local/aws/listen.ts';

/** A port where nobody listens now. */
export async function freePort(): Promise<number> {
  const { port, close } = await listen(createServer(), 0);
  await close();
  return port;
}
