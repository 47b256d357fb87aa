// The DNS server of the functions: it knows the receivers' name, or is silent.
import { startDnsServer } from '#test/support/dns-server.ts';

export type Names = {
  readonly address: string;
  absent(): void;
  there(): void;
  close(): Promise<void>;
};

export async function startNames(): Promise<Names> {
  let isSilent = false;
  const server = await startDnsServer(() => (isSilent ? 'silent' : { addresses: ['127.0.0.1'], ttl: 0 }));
  return {
    address: server.address,
    absent() {
      isSilent = true;
    },
    there() {
      isSilent = false;
    },
    close: server.close,
  };
}
