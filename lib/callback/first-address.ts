// Connects to the first of several addresses that answers: "Happy Eyeballs", RFC 8305. Our own, because Node ends the attempt
// at one address before it begins the next, and so gives up on a distant callback beside an address that is dead.
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type CheckedAddress, coded } from './guard.ts';
import { isLocalFault } from './local-fault.ts';

const TCP_KEEP_ALIVE_MS = 60_000;
/** RFC 8305, 8: the milliseconds before the next address is tried too. */
const NEXT_ADDRESS_AFTER_MS = 250;
/** A name may have hundreds of addresses, and each attempt is a socket. */
const MOST_TRIED = 8;

/**
 * Resolves with the connection that was made first; the others are closed. Rejects when all have failed, with the first
 * error, or with one that is our own fault. When aborted it closes its sockets and rejects.
 */
export function connectToFirst(
  addresses: readonly CheckedAddress[],
  { port, signal }: { readonly port: number; readonly signal: AbortSignal },
  { connect = connectTcp }: { readonly connect?: (options: TcpNetConnectOpts) => Socket } = {},
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const waiting = inTurns(addresses).slice(0, MOST_TRIED);
  const open = new Set<Socket>();
  const failures: NodeJS.ErrnoException[] = [];
  let timer: NodeJS.Timeout | undefined;

  const end = (winner?: Socket) => {
    clearTimeout(timer);
    waiting.length = 0;
    signal.removeEventListener('abort', abort);
    for (const socket of open) if (socket !== winner) socket.destroy();
  };
  const abort = () => {
    end();
    reject(coded('ABORT_ERR', 'the connection was given up'));
  };

  function tryNext(): void {
    clearTimeout(timer);
    const next = waiting.shift();
    if (next === undefined) return;
    const socket = connect({
      host: next.address,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    });
    open.add(socket);
    const failed = (error: NodeJS.ErrnoException) => {
      open.delete(socket);
      failures.push(asFailureOf(next, port, error));
      if (waiting.length > 0) return tryNext();
      if (open.size > 0) return;
      end();
      reject(failures.find(({ code }) => isLocalFault(code)) ?? failures[0]);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      // This listener stays: an error on a socket without a listener would end the process.
      socket.on('error', () => {});
      end(socket);
      resolve(socket);
    });
    if (waiting.length > 0) timer = setTimeout(tryNext, NEXT_ADDRESS_AFTER_MS);
  }

  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  tryNext();
  return promise;
}

/** One family after the other, IPv4 first: a function has IPv6 only in a dual-stack subnet. */
function inTurns(addresses: readonly CheckedAddress[]): CheckedAddress[] {
  const four = addresses.filter(({ family }) => family === 4);
  const six = addresses.filter(({ family }) => family === 6);
  return Array.from({ length: Math.max(four.length, six.length) }, (_, at) => [four[at], six[at]])
    .flat()
    .filter((one) => one !== undefined);
}

/**
 * EADDRNOTAVAIL means that no port is free: a local fault, so the message is handed back. The same error comes when the
 * machine has no IPv6, and on some systems for port 0. Handing the message back would then never end.
 */
function asFailureOf(
  { family }: CheckedAddress,
  port: number,
  error: NodeJS.ErrnoException,
): NodeJS.ErrnoException {
  if (error.code !== 'EADDRNOTAVAIL' || (family === 4 && port !== 0)) return error;
  return Object.assign(new Error(error.message, { cause: error }), { code: 'ENETUNREACH' });
}
