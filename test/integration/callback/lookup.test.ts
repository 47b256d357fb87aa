// The name look-up of callbacks, asked over real sockets of a DNS server that does what strangers' servers do.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLookup, MOST_LOOKUPS, TOO_MANY_LOOKUPS } from '#lib/callback/lookup.ts';
import { createNameFiles } from '#lib/callback/name-files.ts';
import { LOOKUP_TIMEOUT, NO_DNS_SERVER } from '#lib/callback/query.ts';
import { type DnsQuestion, type DnsReply, useDns } from '#test/support/dns-server.ts';

const PUBLIC = ['93.184.215.14', '2606:2800:21f:cb07::1'];

/** Files of a machine, which a test can write anew. */
function namesOf(texts: { hosts?: string; resolv?: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'names-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [hostsFile, resolvConf] = [join(folder, 'hosts'), join(folder, 'resolv.conf')];
  let version = 0;
  const write = ({ hosts, resolv }: typeof texts) => {
    version += 1;
    for (const [file, text] of [[hostsFile, hosts] as const, [resolvConf, resolv] as const]) {
      if (text === undefined) continue;
      writeFileSync(file, text);
      utimesSync(file, version, version);
    }
  };
  write(texts);
  return { files: createNameFiles({ hostsFile, resolvConf }), write };
}

async function lookupOver(
  answer: (question: DnsQuestion) => DnsReply,
  {
    names = namesOf(),
    clock = { now: 1 },
  }: { names?: ReturnType<typeof namesOf>; clock?: { now: number } } = {},
) {
  const server = await useDns(answer);
  const lookup = createLookup({ files: names.files, now: () => clock.now });
  const asked = () => server.questions.map(({ name, type }) => `${name} ${type}`).sort();
  return {
    server,
    asked,
    look: async (name: string, signal?: AbortSignal) =>
      (await lookup(name, signal)).map(({ address }) => address),
  };
}

describe('a name', () => {
  it('has the addresses of both families, IPv4 first', async () => {
    const { look, asked } = await lookupOver(() => ({ addresses: [...PUBLIC].reverse() }));
    expect(await look('hooks.example.com')).toEqual(PUBLIC);
    expect(asked()).toEqual(['hooks.example.com A', 'hooks.example.com AAAA']);
  });

  it('is found behind a chain of CNAMEs', async () => {
    const { look } = await lookupOver(() => ({ cnames: ['a.cdn.test', 'b.cdn.test'], addresses: PUBLIC }));
    expect(await look('hooks.example.com')).toEqual(PUBLIC);
  });

  it('is asked for over TCP when the answer does not fit into a packet', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `93.184.215.${index}`);
    const { look, server } = await lookupOver(({ over }) => ({ truncated: over === 'udp', addresses: many }));
    expect(await look('hooks.example.com')).toEqual(many);
    expect(server.questions.map(({ over }) => over)).toContain('tcp');
  });

  it('has 64 addresses of a family at most', async () => {
    const many = Array.from({ length: 250 }, (_, index) => `93.184.215.${index}`);
    const { look } = await lookupOver(({ over }) => ({ truncated: over === 'udp', addresses: many }));
    expect(await look('hooks.example.com')).toEqual(many.slice(0, 64));
  });

  it('whose answer needs TCP is not found where TCP is blocked, and that is its own fault', async () => {
    const { look, server } = await lookupOver(({ name }) => ({
      truncated: name !== 'localhost',
      addresses: PUBLIC,
    }));
    await server.closeTcp();
    await expect(look('hooks.example.com')).rejects.toMatchObject({
      code: 'ERR_CALLBACK_LOOKUP_ECONNREFUSED',
    });
  });

  it.each([
    ['AAAA', ['93.184.215.14']],
    ['A', ['2606:2800:21f:cb07::1']],
  ])('is found while the question for %s is never answered', async (silent, found) => {
    const { look } = await lookupOver(({ type }) => (type === silent ? 'silent' : { addresses: PUBLIC }));
    expect(await look('hooks.example.com')).toEqual(found);
  });

  it.each(['SERVFAIL', 'NXDOMAIN', 'REFUSED'] as const)(
    'is found when one of the two questions is answered with %s',
    async (rcode) => {
      for (const failing of ['A', 'AAAA']) {
        const { look } = await lookupOver(({ type }) =>
          type === failing ? { rcode } : { addresses: PUBLIC },
        );
        expect(await look('hooks.example.com')).toHaveLength(1);
      }
    },
  );

  it.each([
    ['there is none', { rcode: 'NXDOMAIN' }, 'ENOTFOUND'],
    ['it has no address', {}, 'ENOTFOUND'],
    ['its server fails', { rcode: 'SERVFAIL' }, 'ERR_CALLBACK_LOOKUP_ESERVFAIL'],
    ['its server refuses', { rcode: 'REFUSED' }, 'ERR_CALLBACK_LOOKUP_EREFUSED'],
  ] as const)('is not found when %s', async (_, reply, code) => {
    const { look } = await lookupOver(() => reply);
    await expect(look('hooks.example.com')).rejects.toMatchObject({ code });
  });

  it.each([`${'a'.repeat(64)}.example.com`, `${'a.'.repeat(130)}com`, 'a..b'])(
    'that no query can hold is none: %s',
    async (name) => {
      const { look, asked } = await lookupOver(() => ({ addresses: PUBLIC }));
      await expect(look(name)).rejects.toMatchObject({ code: 'ENOTFOUND' });
      expect(asked()).toEqual([]);
    },
  );

  it('can not be looked up where no DNS server listens: that is not the fault of the name', async () => {
    const { look, server } = await lookupOver(() => 'silent');
    await server.close();
    await expect(look('hooks.example.com')).rejects.toMatchObject({ code: NO_DNS_SERVER });
  });
});

describe('a name that DNS is not asked for', () => {
  const none = () => lookupOver(() => 'silent', { names: namesOf({ hosts: HOSTS }) });
  const HOSTS = [
    '127.0.0.1 localhost # this machine',
    '10.1.2.3\tInside.example.com inside',
    'fd12::1 inside',
    '# 10.9.9.9 commented',
    'nonsense broken',
    '10.0.0.1%eth0 zoned',
  ].join('\n');

  it.each([
    ['93.184.215.14', ['93.184.215.14']],
    ['::1', ['::1']],
    ['localhost', ['127.0.0.1']],
    ['any.localhost', ['127.0.0.1', '::1']],
    ['LOCALHOST.', ['127.0.0.1']],
    ['inside', ['10.1.2.3', 'fd12::1']],
    ['inside.example.com.', ['10.1.2.3']],
  ])('%s', async (name, found) => {
    const { look, asked } = await none();
    expect(await look(name)).toEqual(found);
    expect(asked()).toEqual([]);
  });

  it('is found in the hosts file as soon as it stands there', async () => {
    const names = namesOf({ hosts: '' });
    const { look } = await lookupOver(() => ({ rcode: 'NXDOMAIN' }), { names });
    await expect(look('inside')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    names.write({ hosts: '10.1.2.3 inside' });
    expect(await look('inside')).toEqual(['10.1.2.3']);
  });
});

describe('the search domains of the machine', () => {
  const resolv =
    'nameserver 127.0.0.1\ndomain ignored.test\nsearch one.test two.test\noptions timeout:1 ndots:2\n';
  it.each([
    ['intranet', ['intranet.one.test', 'intranet.two.test']],
    ['intranet.a', ['intranet.a.one.test', 'intranet.a.two.test']],
    ['intranet.two.test', ['intranet.two.test']],
    ['intranet.', ['intranet']],
  ])('are for names with fewer dots than ndots: %s', async (name, wanted) => {
    const { look, server } = await lookupOver(
      (question) => (question.name === wanted.at(-1) ? { addresses: PUBLIC } : { rcode: 'NXDOMAIN' }),
      { names: namesOf({ resolv }) },
    );
    expect(await look(name)).toEqual(PUBLIC);
    expect([...new Set(server.questions.map((question) => question.name))]).toEqual(wanted);
  });

  it('are left when a server fails, because the name may be there', async () => {
    const { look, server } = await lookupOver(() => ({ rcode: 'SERVFAIL' }), { names: namesOf({ resolv }) });
    await expect(look('intranet')).rejects.toMatchObject({ code: 'ERR_CALLBACK_LOOKUP_ESERVFAIL' });
    expect(server.questions).toHaveLength(2);
  });
});

describe('one look-up of a name', () => {
  it('serves all who ask for it at the same time', async () => {
    const { promise, resolve } = Promise.withResolvers();
    const { look, server } = await lookupOver(() => ({ addresses: PUBLIC, after: promise }));
    const all = Promise.all(
      ['hooks.example.com', 'HOOKS.example.com', 'hooks.example.com'].map((name) => look(name)),
    );
    resolve(undefined);
    expect(await all).toEqual([PUBLIC, PUBLIC, PUBLIC]);
    expect(server.questions).toHaveLength(2);
  });

  it('goes on while one of them waits, and ends with the last', async () => {
    const { promise, resolve } = Promise.withResolvers();
    const { look, server } = await lookupOver(() => ({ addresses: PUBLIC, after: promise }));
    const [first, second] = [new AbortController(), new AbortController()];
    const impatient = look('hooks.example.com', first.signal);
    const patient = look('hooks.example.com', second.signal);
    first.abort();
    await expect(impatient).rejects.toMatchObject({ code: LOOKUP_TIMEOUT });
    resolve(undefined);
    expect(await patient).toEqual(PUBLIC);
    expect(server.questions).toHaveLength(2);
  });

  it('that everybody has given up is over: the next one asks anew', async () => {
    let silent = true;
    const { look, server } = await lookupOver(() => (silent ? 'silent' : { addresses: PUBLIC }));
    const end = new AbortController();
    const given = look('hooks.example.com', end.signal);
    end.abort();
    await expect(given).rejects.toMatchObject({ code: LOOKUP_TIMEOUT });
    silent = false;
    expect(await look('hooks.example.com')).toEqual(PUBLIC);
    await expect(look('hooks.example.com', AbortSignal.abort())).rejects.toMatchObject({
      code: LOOKUP_TIMEOUT,
    });
    expect(server.questions.length).toBeGreaterThanOrEqual(2);
  });

  it('does not wait for another name, and there are only so many at a time', async () => {
    const { look } = await lookupOver(({ name }) =>
      name.startsWith('silent') ? 'silent' : { addresses: PUBLIC },
    );
    const end = new AbortController();
    const silent = Array.from({ length: MOST_LOOKUPS - 1 }, (_, at) =>
      look(`silent-${at}.test`, end.signal).catch(({ code }) => code),
    );
    expect(await look('hooks.example.com')).toEqual(PUBLIC);
    const last = look('silent-last.test', end.signal).catch(({ code }) => code);
    await expect(look('more.example.com')).rejects.toMatchObject({ code: TOO_MANY_LOOKUPS });
    end.abort();
    expect(new Set(await Promise.all([...silent, last]))).toEqual(new Set([LOOKUP_TIMEOUT]));
    expect(await look('more.example.com')).toEqual(PUBLIC);
  });
});

describe('an answer', () => {
  const flipping = () => {
    let asked = 0;
    return ({ type }: DnsQuestion): DnsReply =>
      type === 'A' ? { addresses: [`93.184.215.${asked++}`], ttl: 60 } : { addresses: [], ttl: 60 };
  };

  it('is used again for half a minute at most', async () => {
    const clock = { now: 1 };
    const { look } = await lookupOver(flipping(), { clock });
    const seen = [];
    for (const now of [1, 30_000, 30_001, 60_000]) {
      clock.now = now;
      seen.push(await look('hooks.example.com'));
    }
    expect(seen.flat()).toEqual(['93.184.215.0', '93.184.215.0', '93.184.215.1', '93.184.215.1']);
  });

  it('is used no longer than its TTL, and that of each CNAME', async () => {
    const clock = { now: 1 };
    const { look, server } = await lookupOver(() => ({ cnames: ['a.cdn.test'], addresses: PUBLIC, ttl: 5 }), {
      clock,
    });
    for (const now of [1, 5_000, 5_001]) {
      clock.now = now;
      await look('hooks.example.com');
    }
    expect(server.questions).toHaveLength(4);
  });

  it('with a TTL of 0, or without an address, is not used again', async () => {
    const { look, server } = await lookupOver(({ name }) => (name === 'a.test' ? { addresses: PUBLIC } : {}));
    for (const name of ['a.test', 'a.test']) await look(name);
    for (const name of ['b.test', 'b.test'])
      await expect(look(name)).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(server.questions).toHaveLength(8);
  });
});
