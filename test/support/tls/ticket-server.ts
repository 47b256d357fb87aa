// A receiver that answers over TLS 1.3 and then sends session tickets without end. Node's server can't do that, so the records
// are made here, with the keys that Node's server has agreed on.
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { serverTls } from './private.ts';
import { pourInto, type SocketServer, socketServer } from './socket-server.ts';

/** Node's server sends two tickets of its own, each in a record, and then the first bytes. */
const RECORDS_BEFORE = 3;
const RECORD_BYTES = 15_000;
const [HANDSHAKE, APPLICATION_DATA, NEW_SESSION_TICKET] = [22, 23, 4];

const INTERIM = 'HTTP/1.1 103 Early Hints\r\n\r\n';

/** `answer`: the bytes before the tickets; an interim answer unless given. */
export async function ticketServer({ answer = INTERIM, onRequest = () => {} } = {}): Promise<SocketServer> {
  const secureContext = createSecureContext({
    ...serverTls(),
    minVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_128_GCM_SHA256',
  });
  // Made once: a benchmark counts what they cost the client, on the same machine.
  const record = tickets();
  return await socketServer((raw) => {
    const secured = secure(raw, secureContext);
    secured.once('data', onRequest);
    pourBehind(secured, { raw, answer, record });
  });
}

type Secured = TLSSocket & { secret?: Buffer };

function secure(raw: Socket, secureContext: SecureContext): Secured {
  const [inside, outside] = duplexPair();
  raw.pipe(outside).pipe(raw);
  const secured: Secured = new TLSSocket(inside, { isServer: true, secureContext });
  secured.on('error', () => {});
  secured.on('keylog', (line: Buffer) => {
    const [label, , value = ''] = line.toString().trim().split(' ');
    if (label === 'SERVER_TRAFFIC_SECRET_0') secured.secret = Buffer.from(value, 'hex');
  });
  return secured;
}

type Pouring = { readonly raw: Socket; readonly answer: string; readonly record: Buffer };

function pourBehind(secured: Secured, { raw, answer, record }: Pouring): void {
  secured.once('data', () => {
    const seal = sealing(secured.secret ?? Buffer.alloc(0), RECORDS_BEFORE);
    const pour = () => pourInto(raw, () => seal(record, HANDSHAKE));
    // Node's own records have to be on the wire before.
    secured.write(answer, () => setImmediate(() => void raw.write('', pour)));
  });
}

/** RFC 8446, 4.6.1. */
function tickets(): Buffer {
  const all: Buffer[] = [];
  for (let bytes = 0; bytes < RECORD_BYTES; bytes += all.at(-1)?.length ?? 0) {
    // Lifetime, age_add, a nonce of one byte, a ticket of 16 bytes, no extensions.
    const body = Buffer.concat([
      Buffer.from([0, 0, 28, 32, 0, 0, 0, 1, 1, all.length & 255, 0, 16]),
      randomBytes(16),
      Buffer.from([0, 0]),
    ]);
    all.push(Buffer.concat([Buffer.from([NEW_SESSION_TICKET, 0, 0, body.length]), body]));
  }
  return Buffer.concat(all);
}

/** Encrypts records in their order (RFC 8446, 5.2). `next`: the number of the first one. */
function sealing(secret: Buffer, next: number): (content: Buffer, type: number) => Buffer {
  const [key, iv] = [expanded(secret, 'key', 16), expanded(secret, 'iv', 12)];
  let number = BigInt(next);
  return (content, type) => {
    const inner = Buffer.concat([content, Buffer.from([type])]);
    const length = inner.length + 16;
    const head = Buffer.from([APPLICATION_DATA, 3, 3, length >> 8, length & 255]);
    const nonce = Buffer.from(iv);
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ number, 4);
    number += 1n;
    const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(head);
    return Buffer.concat([head, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
  };
}

/** HKDF-Expand-Label (RFC 8446, 7.1), for at most 32 bytes. */
function expanded(secret: Buffer, name: string, length: number): Buffer {
  const label = Buffer.from(`tls13 ${name}`);
  const info = Buffer.concat([Buffer.from([0, length, label.length]), label, Buffer.from([0, 1])]);
  return createHmac('sha256', secret).update(info).digest().subarray(0, length);
}
