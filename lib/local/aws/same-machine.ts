// Whether a request to this machine's endpoint comes from a program here. A browser sends a page's requests to 127.0.0.1 too, and
// the endpoint checks no signature: without this check any web page could invoke a function or read a secret.
import type { IncomingHttpHeaders } from 'node:http';

/** A name that no name server can point here. */
const HOST = /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?$/i;

/** Why the request is refused, as a sentence; undefined for one that is answered. */
export function refusalOfSender({ host, origin, ...headers }: IncomingHttpHeaders): string | undefined {
  // A web page can have its own name point to 127.0.0.1 (DNS rebinding). The browser then sends that name.
  if (host === undefined || !HOST.test(host)) {
    return 'The Host of a request must be localhost or an address of this machine, such as 127.0.0.1.';
  }
  const site = headers['sec-fetch-site'];
  const isForeign = origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase();
  if (isForeign || site === 'cross-site' || site === 'same-site') {
    return 'The request comes from a web page. Only programs on this machine are answered.';
  }
  return undefined;
}
