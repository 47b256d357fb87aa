// An esbuild plugin: keeps only the part of undici that lib/callback uses, so that cold starts don't load fetch, web sockets,
// caches, mocks and http2. A bundle that imports anything else of undici fails to build.
import type { Plugin } from 'esbuild';

const ENTRY = `
export { default as Pool } from 'undici/lib/dispatcher/pool.js';
export { default as Client } from 'undici/lib/dispatcher/client.js';
export { default as errors } from 'undici/lib/core/errors.js';
`;
// undici loads `llhttp-wasm` only where WebAssembly has no SIMD, which Node has on the processors of Lambda and of developers. It
// loads the others only for HTTP/2 and form bodies, which the guarded client never uses.
const UNUSED =
  /[\\/]undici[\\/]lib[\\/](llhttp[\\/]llhttp-wasm|dispatcher[\\/]client-h2|web[\\/]fetch[\\/](body|formdata)|web[\\/]webidl[\\/]index)\.js$/;

/** Makes the plugin. */
export function slimUndici(): Plugin {
  return {
    name: 'slim-undici',
    setup(build) {
      // undici's own switch for leaving out its experimental parser.
      build.initialOptions.define = { ...build.initialOptions.define, esbuildDetection: 'true' };
      build.onResolve({ filter: /^undici$/ }, ({ resolveDir }) => ({
        path: 'undici',
        namespace: 'slim-undici',
        pluginData: resolveDir,
      }));
      build.onLoad({ filter: /.*/, namespace: 'slim-undici' }, ({ pluginData }) => ({
        contents: ENTRY,
        loader: 'js',
        resolveDir: String(pluginData),
      }));
      build.onLoad({ filter: UNUSED }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
    },
  };
}
