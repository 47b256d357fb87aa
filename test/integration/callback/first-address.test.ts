// Which of a name's addresses a connection uses, when some of them are dead, distant or refused. A dead address is a socket
// that never connects.
import { connect, Socket, type TcpNetConnectOpts } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectToFirst } from '#lib/callback/first-address.ts';
import { testServer } from '#test/support/callback-exchange.ts';

const [DEAD, OTHER_DEAD, HERE, REFUSED] = ['192.0.2.1', '2001:db8::1', '127.0.0.1', '127.0.0.2'] as const;
const addressesOf = (...addresses: string[]) =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** Connects, and shows which addresses were tried. `fails`: the code with which an address fails. */
function trying(addresses: readonly string[], port: number, fails: Readonly<Record<string, string>> = {}) {
  const tried: string[] = [];
  const dead = new Map<string, Socket>();
  const end = new AbortController();
  const open = (options: TcpNetConnectOpts) => {
    const host = String(options.host);
    tried.push(host);
    if (host === HERE || host === REFUSED) return connect(options);
    const socket = new Socket();
    dead.set(host, socket);
    const code = fails[host];
    if (code !== undefined) socket.destroy(Object.assign(new Error(code), { code }));
    return socket;
  };
  const made = connectToFirst(addressesOf(...addresses), { port, signal: end.signal }, { connect: open });
  onTestFinished(async () => void (await made.catch(() => undefined))?.destroy());
  return { tried, dead, made, end };
}

describe('a connection to a name with several addresses', () => {
  it('is made to the next one while the first does not answer, and leaves nothing open there', async () => {
    const server = await testServer({});
    const { made, tried, dead } = trying([DEAD, HERE], server.port);
    expect((await made).remoteAddress).toBe(HERE);
    expect(tried).toEqual([DEAD, HERE]);
    expect(dead.get(DEAD)?.destroyed).toBe(true);
  });

  it('is made to the first one when that answers after the next was tried: distant is not dead', async () => {
    const server = await testServer({});
    const { made, dead, tried } = trying([DEAD, OTHER_DEAD], server.port);
    await expect.poll(() => tried).toEqual([DEAD, OTHER_DEAD]);
    dead.get(DEAD)?.emit('connect');
    expect(await made).toBe(dead.get(DEAD));
    expect(dead.get(DEAD)?.destroyed).toBe(false);
    expect(dead.get(OTHER_DEAD)?.destroyed).toBe(true);
  });

  it('is made to IPv4 first, and to each family in turn', async () => {
    const server = await testServer({});
    const six = ['2001:db8::1', '2001:db8::2', '2001:db8::3'];
    const unreachable = Object.fromEntries([...six, '192.0.2.1'].map((address) => [address, 'ENETUNREACH']));
    const { made, tried } = trying([...six, '192.0.2.1', HERE], server.port, unreachable);
    await made;
    expect(tried).toEqual(['192.0.2.1', '2001:db8::1', HERE]);
  });

  it('tries only so many: each attempt is a socket', async () => {
    const many = Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`);
    const fails = Object.fromEntries(many.map((address) => [address, 'EHOSTUNREACH']));
    const { made, tried } = trying(many, 9, fails);
    await expect(made).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
    expect(tried).toHaveLength(8);
  });

  it.each([
    [{ [DEAD]: 'ECONNREFUSED', [OTHER_DEAD]: 'ENETUNREACH' }, 'ECONNREFUSED'],
    // A missing file is our own fault, whatever the other address says.
    [{ [DEAD]: 'ENETUNREACH', [OTHER_DEAD]: 'EMFILE' }, 'EMFILE'],
    [{ [DEAD]: 'EADDRNOTAVAIL', [OTHER_DEAD]: 'ECONNREFUSED' }, 'EADDRNOTAVAIL'],
    // Of an IPv6 address it says that this machine has no IPv6. Were it our own fault, the message would come back for ever.
    [{ [DEAD]: 'ECONNREFUSED', [OTHER_DEAD]: 'EADDRNOTAVAIL' }, 'ECONNREFUSED'],
  ])('that fails everywhere, %j, fails with %s', async (fails, code) => {
    await expect(trying([DEAD, OTHER_DEAD], 9, fails).made).rejects.toMatchObject({ code });
  });

  it('to IPv6 alone, where this machine has none, is not our own fault', async () => {
    const { made } = trying([OTHER_DEAD], 9, { [OTHER_DEAD]: 'EADDRNOTAVAIL' });
    await expect(made).rejects.toMatchObject({ code: 'ENETUNREACH' });
  });

  it('to port 0 is not our own fault', async () => {
    const { made } = trying([DEAD], 0, { [DEAD]: 'EADDRNOTAVAIL' });
    await expect(made).rejects.toMatchObject({ code: 'ENETUNREACH' });
  });

  it('that is given up closes every socket and tries no more', async () => {
    const { end, dead, tried, made } = trying([DEAD, HERE], 9);
    end.abort();
    await expect(made).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(dead.get(DEAD)?.destroyed).toBe(true);
    expect(tried).toEqual([DEAD]);
  });
});
