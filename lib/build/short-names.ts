// An esbuild plugin: shortens the names inside the files of some packages, so that a cold start reads less. Names in our own code
// stay, for the stacks of errors. So do those of packages whose errors take their names from their classes: the log shows them.
import { readFile } from 'node:fs/promises';
import { type Plugin, transform } from 'esbuild';

const PACKAGES = /[\\/]node_modules[\\/](@aws-sdk|@smithy|axios|undici|zod)[\\/].*\.js$/;

/** By file: the functions share most of their packages. */
const shortened = new Map<string, Promise<string>>();

async function shorten(path: string): Promise<string> {
  // The annotations of pure calls stay, by which esbuild leaves out what is not used.
  const { code } = await transform(await readFile(path, 'utf8'), {
    minifyIdentifiers: true,
    legalComments: 'none',
    target: 'node24',
  });
  return code;
}

/** Makes the plugin. The files that it reads must not change while the process runs. */
export function shortNames(): Plugin {
  return {
    name: 'short-names',
    setup(build) {
      build.onLoad({ filter: PACKAGES }, async ({ path }) => {
        const found = shortened.get(path) ?? shorten(path);
        shortened.set(path, found);
        return { contents: await found, loader: 'js' };
      });
    },
  };
}
