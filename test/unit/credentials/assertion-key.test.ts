// How often the key of an assertion is opened.
import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { LocalFault } from '#lib/callback/local-fault.ts';
import { type AssertionKey, createKeyOpener } from '#lib/credentials/assertion-key.ts';

const given = {
  signatureAlgorithm: 'RSA_RS256',
  keySource: 'PKCS12',
  keyContent: 'store',
  secretBase64Encoded: false,
  keystoreOptions: { storePassword: 'p' },
} as const;

function opener(
  answer: AssertionKey = { ok: true, key: createSecretKey(Buffer.alloc(32)), certificates: [] },
) {
  let opens = 0;
  const open = createKeyOpener(async () => {
    opens += 1;
    return answer;
  });
  return { open, opens: () => opens };
}

test('a key store is opened once, however many assertions it signs, at the same time too', async () => {
  const { open, opens } = opener();
  const [one, other] = await Promise.all([open(given, 'a'), open({ ...given }, 'a')]);
  expect(other).toBe(one);
  expect(await open(given, 'a')).toBe(one);
  expect(opens()).toBe(1);
});

test('one that could not be opened because of this environment is opened for the next assertion', async () => {
  let opens = 0;
  const open = createKeyOpener(async () => {
    opens += 1;
    if (opens === 1) throw new LocalFault('EMFILE');
    return { ok: false, message: 'the key store is wrong' };
  });
  await expect(open(given, 'a')).rejects.toThrow(LocalFault);
  expect(await open(given, 'a')).toMatchObject({ ok: false });
});

test('one that can not be opened is not tried for each assertion', async () => {
  const { open, opens } = opener({ ok: false, message: 'the key store is wrong' });
  for (let count = 0; count < 3; count++) expect(await open(given, 'a')).toMatchObject({ ok: false });
  expect(opens()).toBe(1);
});

test.each([
  { keyContent: 'other' },
  { keystoreOptions: { storePassword: 'q' } },
  { keystoreOptions: { storePassword: 'p', alias: 'a' } },
  { keySource: 'PEM' },
  { signatureAlgorithm: 'HMAC_HS256' },
  { secretBase64Encoded: true },
] as const)('another content is another key (%j)', async (change) => {
  const { open, opens } = opener();
  await open(given, 'a');
  await open({ ...given, ...change }, 'a');
  expect(opens()).toBe(2);
});

test('of more than a hundred keys the one that was unused for longest is forgotten', async () => {
  const { open, opens } = opener();
  const use = (keyContent: string) => open({ ...given, keyContent }, 'a');
  for (let at = 0; at < 101; at++) await use(`${at}`);
  await use('1');
  expect(opens()).toBe(101);
  await use('0');
  expect(opens()).toBe(102);
});

test("more than a hundred key stores of one tenant don't make it forget those of others", async () => {
  const opened: string[] = [];
  const open = createKeyOpener(async ({ keyContent }) => {
    opened.push(keyContent);
    return { ok: false, message: 'no matter what is opened' };
  });
  const turn = async (at: number) => {
    await open({ ...given, keyContent: `offender's ${at}` }, 'offender');
    await open({ ...given, keyContent: "neighbour's" }, 'neighbour');
    await open({ ...given, keyContent: "another's" }, 'another');
  };
  for (let at = 0; at < 250; at++) await turn(at % 125);
  expect(opened.filter((content) => !content.startsWith('offender'))).toEqual(["neighbour's", "another's"]);
});

test('of many key stores those are kept that are in use', async () => {
  const opened: string[] = [];
  const open = createKeyOpener(async ({ keyContent }) => {
    opened.push(keyContent);
    return { ok: false, message: 'no matter what is opened' };
  });
  for (let at = 0; at < 250; at++) {
    await open({ ...given, keyContent: 'in use' }, 'a');
    await open({ ...given, keyContent: `${at}` }, 'a');
  }
  expect(opened.filter((content) => content === 'in use')).toHaveLength(1);
});
