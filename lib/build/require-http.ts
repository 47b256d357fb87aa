// An esbuild plugin: loads node:http by require, not by import. An import makes Node read every export of it, some of which
// load Node's fetch and web sockets: tens of milliseconds of each cold start.
import type { Plugin } from 'esbuild';

/** Makes the plugin. */
export function requireHttp(): Plugin {
  return {
    name: 'require-http',
    setup(build) {
      build.onResolve({ filter: /^(node:)?https?$/ }, ({ path, namespace }) =>
        namespace === 'require-http' ? { path, external: true } : { path, namespace: 'require-http' },
      );
      build.onLoad({ filter: /.*/, namespace: 'require-http' }, ({ path }) => ({
        contents: `module.exports = require('${path}');`,
        loader: 'js',
      }));
    },
  };
}
