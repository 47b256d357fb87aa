// The DNS server of the neighbours' benchmark, in a process of its own: silent for some names, late to fail for others, and
// prompt for the rest. It needs port 53, because a resolv.conf names no port; so it takes an address that nothing else has.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { answering } from './beside.ts';

const ADDRESS = '127.0.0.153';
const FAILS_AFTER_MS = 2_000;
const SERVFAIL = 2;
const A = 1;

const socket = createSocket('udp4');
socket.on('message', (query, { port, address }) => {
  // The question begins after twelve bytes: the first label of the name, with its length.
  const label = query.toString('latin1', 13, 13 + (query[12] ?? 0));
  const end = query.indexOf(0, 12) + 5;
  const isForA = query.readUInt16BE(end - 4) === A;
  const send = (rcode: number, record = Buffer.alloc(0)) => {
    const answer = Buffer.concat([query.subarray(0, end), record]);
    answer.writeUInt16BE(0x8180 | rcode, 2);
    answer.writeUInt16BE(record.length > 0 ? 1 : 0, 6);
    answer.writeUInt32BE(0, 8);
    socket.send(answer, port, address);
  };
  if (label.startsWith('silent')) return;
  if (label.startsWith('failing')) return void setTimeout(send, FAILS_AFTER_MS, SERVFAIL);
  // A pointer to the name, A, IN, a life of no seconds, four bytes of address.
  send(0, isForA ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]) : undefined);
});
await once(socket.bind(53, ADDRESS), 'listening');
answering<never>(ADDRESS, () => undefined);
