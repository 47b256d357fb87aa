// A process of its own, because the limit on open files is the process's: does what loads a part of the program while no
// file is left, and again when there are some. Prints both results as JSON, for an error its name. Argument: what to do.
import { closeSync, openSync } from 'node:fs';
import { createSslReader } from '#lib/credentials/ssl.ts';
import { createSecretsClient } from '#lib/deployment/aws-clients.ts';
import { STORE_PASSWORD as password, store } from './tls/private.ts';

const unread = { read: () => Promise.reject(new Error()), readAnew: () => Promise.reject(new Error()) };

/** Opens a store that only a library decrypts. */
function openStore() {
  const read = createSslReader({ secrets: unread });
  const content = store('openssl-legacy-rsa.p12');
  const ssl = { hostnameVerifier: true, trustAll: false, keyStore: { type: 'PKCS12', content, password } };
  return async () => (await read(ssl as never, 'a')).ok;
}

/** Gives the client of Secrets Manager a command that none knows. */
function callSecrets() {
  const client = createSecretsClient();
  const command = { resolveMiddleware: () => () => Promise.resolve({ output: 'called' }) };
  return () => client.send(command as never);
}

const DOING: Readonly<Record<string, () => () => Promise<unknown>>> = { openStore, callSecrets };

const work = DOING[process.argv[2] ?? '']?.();
const done = async () =>
  await work?.().catch((error: unknown) => (error instanceof Error ? error.name : 'unknown'));
const files: number[] = [];
try {
  for (;;) files.push(openSync('/dev/null', 'r'));
} catch {
  // No file is left.
}
const results = [await done()];
for (const file of files) closeSync(file);
results.push(await done());
console.log(JSON.stringify(results));
