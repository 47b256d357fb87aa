// A DNS server for tests, over UDP and TCP on this machine. It answers as the test says, or not at all, and keeps every
// question. `useDns` makes it the DNS server of this process, `environmentFor` of a function's.
import { createSocket, type RemoteInfo } from 'node:dgram';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, isIPv6, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type DnsQuestion = {
  readonly name: string;
  readonly type: 'A' | 'AAAA';
  readonly over: 'udp' | 'tcp';
};

export type DnsReply =
  | 'silent'
  | {
      readonly rcode?: 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED';
      /** IPv4 and IPv6 addresses. An answer has only the addresses of the type that the question asks for. */
      readonly addresses?: readonly string[];
      readonly ttl?: number;
      /** The names that lead from the question's name to the addresses. */
      readonly cnames?: readonly string[];
      /** No address fits; the client has to ask again over TCP. */
      readonly truncated?: boolean;
      /** Resolves when the answer is sent. */
      readonly after?: Promise<unknown>;
    };

export type DnsServer = {
  /** host:port, as dns.setServers takes it. */
  readonly address: string;
  readonly questions: DnsQuestion[];
  /** From then on TCP is refused. */
  closeTcp(): Promise<void>;
  close(): Promise<void>;
};

const TYPES = { 1: 'A', 28: 'AAAA' } as const;
const RCODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const CNAME = 5;

export async function startDnsServer(answer: (question: DnsQuestion) => DnsReply): Promise<DnsServer> {
  const questions: DnsQuestion[] = [];
  const udp = createSocket('udp4');
  const tcp = createServer((socket) => serveTcp(socket));
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const at = tcp.address();
  if (at === null || typeof at === 'string') throw new Error('not listening on a port');
  udp.bind(at.port, '127.0.0.1');
  await once(udp, 'listening');
  const sockets = new Set<Socket>();
  let closed = false;

  async function reply(query: Buffer, over: DnsQuestion['over']): Promise<Buffer | undefined> {
    const { name, type, end } = readQuestion(query);
    const question = { name, type, over };
    questions.push(question);
    const said = answer(question);
    if (said === 'silent') return undefined;
    await said.after;
    return encode(query.subarray(0, end), question, said);
  }

  udp.on('message', async (query, { port, address }: RemoteInfo) => {
    const bytes = await reply(query, 'udp');
    if (bytes !== undefined && !closed) udp.send(bytes, port, address);
  });

  function serveTcp(socket: Socket): void {
    let pending = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', async (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const query = pending.subarray(2, 2 + pending.readUInt16BE(0));
        pending = pending.subarray(2 + query.length);
        const bytes = await reply(query, 'tcp');
        if (bytes !== undefined) socket.write(Buffer.concat([uint16(bytes.length), bytes]));
      }
    });
  }

  return {
    address: `127.0.0.1:${at.port}`,
    questions,
    closeTcp: () => new Promise((resolve) => tcp.close(() => resolve())),
    async close() {
      if (closed) return;
      closed = true;
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise((resolve) => tcp.close(resolve)),
        new Promise<void>((resolve) => udp.once('close', resolve).close()),
      ]);
    },
  };
}

/** Starts a server and makes it the DNS server of this process until the test ends. */
export async function useDns(answer: (question: DnsQuestion) => DnsReply): Promise<DnsServer> {
  const server = await startDnsServer(answer);
  const before = dns.getServers();
  dns.setServers([server.address]);
  onTestFinished(() => {
    dns.setServers(before);
    return server.close();
  });
  return server;
}

/** The environment of a function whose DNS server this is: it is set before the bundle is loaded. */
export function environmentFor({ address }: Pick<DnsServer, 'address'>): Record<string, string> {
  const code = `import dns from 'node:dns'; dns.setServers(['${address}']);`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

function readQuestion(query: Buffer): { name: string; type: 'A' | 'AAAA'; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const number = query.readUInt16BE(at + 1);
  const type = number === 1 || number === 28 ? TYPES[number] : undefined;
  if (type === undefined) throw new Error(`a question of type ${number}`);
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function encode(
  query: Buffer,
  { name, type }: DnsQuestion,
  { rcode, addresses = [], ttl = 0, cnames = [], truncated = false }: Exclude<DnsReply, 'silent'>,
): Buffer {
  const wanted = addresses.filter((address) => (type === 'AAAA') === isIPv6(address));
  const answers = truncated
    ? []
    : [
        ...cnames.map((to, at) => record(cnames[at - 1] ?? name, CNAME, ttl, encodeName(to))),
        ...wanted.map((one) => record(cnames.at(-1) ?? name, type === 'A' ? 1 : 28, ttl, encodeAddress(one))),
      ];
  const flags = 0x8180 | (truncated ? 0x0200 : 0) | (rcode === undefined ? 0 : RCODES[rcode]);
  const header = Buffer.concat([
    query.subarray(0, 2),
    ...[flags, 1, answers.length, 0, 0].map((number) => uint16(number)),
  ]);
  return Buffer.concat([header, query.subarray(12), ...answers]);
}

const record = (name: string, type: number, ttl: number, data: Buffer): Buffer =>
  Buffer.concat([encodeName(name), ...[type, 1, ttl >>> 16, ttl & 0xffff, data.length].map(uint16), data]);

const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);

function encodeAddress(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined) =>
    text ? text.split(':').map((group) => Number.parseInt(group, 16)) : [];
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Buffer.concat([...before, ...zeros, ...after].map(uint16));
}

function uint16(number: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(number);
  return bytes;
}
