// An esbuild plugin: leaves out axios' adapters and platform code that our adapter replaces, so that cold starts don't load
// form-data, follow-redirects, fetch and others. The list follows the "browser" map of axios' package.json. It changes only
// the bundle, not the code that tests run.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

const NOTHING = 'export default null;';
const REPLACED: Readonly<Record<string, string>> = {
  'adapters/http.js': NOTHING,
  'adapters/xhr.js': NOTHING,
  'adapters/fetch.js': 'export const getFetch = undefined;',
  'platform/node/index.js': "export { default } from '../browser/index.js';",
  'platform/node/classes/FormData.js': NOTHING,
  'platform/browser/classes/FormData.js': NOTHING,
  'platform/browser/classes/Blob.js': NOTHING,
};
// Reading the global FormData makes Node load its fetch: 20 ms of a cold start.
const FORM_DATA = "typeof G.FormData !== 'undefined' ? G.FormData : undefined";

/** Makes the plugin. */
export function slimAxios(): Plugin {
  return {
    name: 'slim-axios',
    setup(build) {
      for (const [file, contents] of Object.entries(REPLACED)) {
        build.onLoad({ filter: axiosFile(file) }, ({ path }) => ({ contents, resolveDir: dirname(path) }));
      }
      build.onLoad({ filter: axiosFile('utils.js') }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!source.includes(FORM_DATA)) throw new Error(`axios has changed: look for FormData in ${path}`);
        return { contents: source.replace(FORM_DATA, 'undefined'), resolveDir: dirname(path) };
      });
    },
  };
}

function axiosFile(file: string): RegExp {
  return new RegExp(`/axios/lib/${file}$`.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]'));
}
