// An esbuild plugin: takes node:http by require, not by import. Importing it as a module makes Node read every one of
// its exports, and some of them load Node's own fetch and web sockets: tens of milliseconds of each cold start.
import type { Plugin } from 'esbuild';

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
