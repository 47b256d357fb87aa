// Starts servers that only this machine can reach, and stops them without waiting for idle or slow clients.
import { once } from 'node:events';
import type { Server } from 'node:http';

export type Listening = { url: string; port: number; close(): Promise<void> };

/**
 * Lets the server listen on 127.0.0.1; port 0 takes any free one. A port in use is an error that says what to do. `setBy`: the
 * variable or option that sets the port.
 */
export async function listen(server: Server, port: number, setBy = 'PORT'): Promise<Listening> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(explain(cause, port, setBy), { cause });
  }
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;

  function stop(): Promise<void> {
    return new Promise((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()));
      server.closeAllConnections();
    });
  }

  let stopped: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close() {
      stopped ??= stop();
      return stopped;
    },
  };
}

function explain(cause: unknown, port: number, setBy: string): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') {
    return `Port ${port} of 127.0.0.1 is in use. Stop what listens there, or set ${setBy} to another port.`;
  }
  if (code === 'EACCES')
    return `Port ${port} may not be used by this account. Set ${setBy} to one above 1023.`;
  return `Can't listen on port ${port} of 127.0.0.1: ${cause}`;
}
