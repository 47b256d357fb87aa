// Where connections to Kafka brokers may go. Brokers name further brokers (advertised listeners), so every connection is
// checked when it is opened, on the address that it uses. The client opens its own sockets; the guard stands before them.
import { isIP } from 'node:net';
import type { ConnectionPool } from '@platformatic/kafka';
import type { AddressRules } from '#lib/callback/address.ts';
import { ADDRESS_REFUSED, checkedAddresses, coded, codeOf, type Lookup } from '#lib/callback/guard.ts';
import { mskRegionOf } from '#lib/endpoint/msk-host.ts';

export type BrokerGuard = {
  readonly lookup: Lookup;
  readonly addresses: AddressRules;
  /** Whether the credentials are for brokers of Amazon MSK alone. An advertised broker gets them too. */
  readonly onlyMsk?: boolean;
};

/** Name of the property that an error has of a broker that was not reached: its address, as host:port. */
export const BROKER = 'brokerAddress';

type Kafka = Pick<typeof import('@platformatic/kafka'), 'NetworkError'>;
type Connect = (host: string, port: number, callback: (error: Error | null) => void) => void;

/**
 * Makes a client's pool check each connection before it is opened. With TLS, the connection's TLS options must have
 * the guard's `lookup`: the certificate is compared with the name, so the client needs the name. Without TLS the client takes no
 * lookup: the name is looked up here, and the client gets a checked address.
 */
export function guardConnections(
  pool: Pick<ConnectionPool, 'on'>,
  { isTls, guard }: { readonly isTls: boolean; readonly guard: BrokerGuard },
  { NetworkError }: Kafka,
): void {
  // The pool emits it before it calls `connect` of the new connection.
  pool.on('connecting', ({ connection }) => {
    // A failed connection may emit further errors; without a listener they would end the process.
    connection.on('error', () => {});
    const open: Connect = connection.connect.bind(connection);
    const connect: Connect = (host, port, callback) => {
      const done = (error: Error | null) =>
        callback(error === null ? null : Object.assign(error, { [BROKER]: addressOf({ host, port }) }));
      placeFor(host, isTls, guard).then(
        (place) => open(place, port, done),
        (cause: Error) => {
          // The client reads its own errors only.
          const error = new NetworkError('The broker may not be connected to, or has no address.', {
            cause,
            canRetry: !isRefusal(cause),
          });
          // For others that wait for the same connection.
          connection.emit('error', error);
          done(error);
        },
      );
    };
    Object.assign(connection, { connect });
  });
}

const isRefusal = (error: Error): boolean => codeOf(error) === ADDRESS_REFUSED;

/** What the client is to connect to. Rejects with an error that has a code. */
async function placeFor(host: string, isTls: boolean, guard: BrokerGuard): Promise<string> {
  if (guard.onlyMsk && mskRegionOf(host) === undefined)
    throw coded(ADDRESS_REFUSED, 'the host is none of Amazon MSK, and AWS_MSK_IAM is for these alone');
  if (isTls && isIP(host) === 0) return host;
  const found = await checkedAddresses(host, guard);
  // IPv4 first: only a dual-stack subnet gives a function IPv6, and there is one try.
  return (found.find(({ family }) => family === 4) ?? found[0]).address;
}

/** A broker's address as host:port. */
export const addressOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

/** Host and port of an address; brackets are of an IPv6 literal. */
export function brokerOf(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}
