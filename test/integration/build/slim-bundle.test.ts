// The bundle of the guarded client: what must not be inside, and that what is inside works.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { slimAxios } from '#lib/build/slim-axios.ts';
import { slimUndici } from '#lib/build/slim-undici.ts';
import { answering, requestTo, testServer } from '#test/support/callback-exchange.ts';
import { OK } from '#test/support/raw-server.ts';

async function bundle() {
  const folder = await mkdtemp(join(tmpdir(), 'slim-bundle-'));
  const outfile = join(folder, 'client.mjs');
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../../../lib/callback/client.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outfile,
    metafile: true,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [slimAxios(), slimUndici()],
  });
  return {
    folder,
    outfile,
    inputs: Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs)),
  };
}

describe('the bundle of the client', () => {
  let bundled: Awaited<ReturnType<typeof bundle>>;
  beforeAll(async () => {
    bundled = await bundle();
    return () => rm(bundled.folder, { recursive: true });
  });

  it.each([
    'form-data',
    'follow-redirects',
    'proxy-from-env',
    'undici/lib/mock',
    'undici/lib/web/fetch/index',
    'milo',
  ])('holds nothing of %s', (name) =>
    expect(bundled.inputs.map(([file]) => file).filter((file) => file.includes(name))).toEqual([]),
  );

  it.each([
    'axios/lib/adapters/http.js',
    'axios/lib/adapters/fetch.js',
    'undici/lib/dispatcher/client-h2.js',
  ])('holds an empty %s', (name) => {
    for (const [file, { bytesInOutput }] of bundled.inputs) {
      if (file.endsWith(name)) expect(bytesInOutput).toBeLessThan(400);
    }
  });

  it('works', async () => {
    const { createCallbackClient } = await import(pathToFileURL(bundled.outfile).href);
    const client = createCallbackClient({
      allowHttp: true,
      allowedCidrs: [],
      allowThisMachine: true,
      responseCapBytes: 1_000,
    });
    onTestFinished(() => client.close());
    const server = await testServer(answering(OK));
    expect(await client.exchange(requestTo(server.url))).toMatchObject({ kind: 'answered', status: 200 });
    await server.close();
    expect(await client.exchange(requestTo(server.url))).toMatchObject({
      kind: 'unsent',
      code: 'connection-refused',
    });
    expect(await client.exchange(requestTo('http://10.0.0.1/'))).toMatchObject({
      kind: 'unsent',
      code: 'url-refused',
    });
  });

  it('does not load what it can do without: fetch, http2', async () => {
    const { execFile } = await import('node:child_process');
    const { promisify } = await import('node:util');
    const script = `await import(${JSON.stringify(pathToFileURL(bundled.outfile).href)}); console.log(process.moduleLoadList.join())`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout).toContain('NativeModule net');
    expect(stdout).not.toMatch(/NativeModule (internal\/deps\/undici\/undici|http2)\b/);
  });
});
