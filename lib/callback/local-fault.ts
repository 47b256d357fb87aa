// Failures before a request was written whose cause is this environment and not the callback: files, ports, memory or DNS
// servers are missing. The message stays in its queue, nobody is paused, and no attempt is counted.
import { TOO_MANY_LOOKUPS } from './lookup.ts';
import { NO_DNS_SERVER } from './query.ts';
import { OUT_OF_SOCKETS } from './sockets.ts';

// No file or no memory for a socket: closing another one helps.
const OUT_OF_FILES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);
const LOCAL_FAULTS: ReadonlySet<string> = new Set([
  ...OUT_OF_FILES,
  OUT_OF_SOCKETS,
  TOO_MANY_LOOKUPS,
  NO_DNS_SERVER,
  'EADDRNOTAVAIL',
]);

/** Whether the operating system had no room for another socket. */
export const isOutOfFiles = (code: string | undefined): boolean =>
  code !== undefined && OUT_OF_FILES.has(code);

/** Whether an error with this code is our own fault: another environment, or this one a little later, may connect. */
export const isLocalFault = (code: string | undefined): boolean =>
  code !== undefined && LOCAL_FAULTS.has(code);

/** A request was not written because of this environment. Nothing follows from it for the callback. */
export class LocalFault extends Error {
  override name = 'LocalFault';
  readonly code: string;

  constructor(code: string) {
    super(`nothing was sent: this environment has no free resource for a connection (${code})`);
    this.code = code;
  }
}
