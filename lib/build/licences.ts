// The licences of the packages in a bundle, as one text that is deployed with it, because most licences require this.
// bundle.ts takes the packages from esbuild's metafile.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

export const LICENCES_FILE = 'THIRD-PARTY-LICENSES.txt';

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  author: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).optional(),
});

// For packages that name their licence but contain no licence file.
const STANDARD_TEXTS: Readonly<Record<string, string>> = {
  'Apache-2.0': 'LICENSE',
  MIT: 'lib/build/licences/MIT.txt',
  'MIT-0': 'lib/build/licences/MIT-0.txt',
};

/** Returns the folders of the packages that contain these files, sorted, without duplicates or files of our own. */
export function packageFolders(files: readonly string[]): string[] {
  const folders = files.flatMap((file) => {
    const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
    return folder === undefined ? [] : [folder];
  });
  return [...new Set(folders)].sort();
}

/**
 * Returns names, versions and licence texts of the packages in these folders; packages with the same text share it.
 * Throws for a package without a licence file if lib/build/licences/ has no text of its licence.
 */
export function licencesText(folders: readonly string[]): string {
  const namesByText = new Map<string, string[]>();
  for (const folder of folders) {
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    const text = ownTexts(folder) || standardText(manifest);
    const name = `${manifest.name} ${manifest.version} (${manifest.license})`;
    namesByText.set(text, [...(namesByText.get(text) ?? []), name]);
  }
  const sections = [...namesByText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
  return [`This function contains code of the packages below.\n`, ...sections].join(
    `\n${'='.repeat(80)}\n\n`,
  );
}

/** The text of the package's licence and notice files; empty if it has none. */
function ownTexts(folder: string): string {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file));
  return files
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
    .join('\n\n');
}

function standardText({ name, version, license, author }: z.infer<typeof manifestSchema>): string {
  const file = STANDARD_TEXTS[license];
  if (file === undefined) {
    throw new Error(
      `${name} ${version} has no licence file, and there is no text of ${license} in lib/build/licences/: add it there, or remove the package`,
    );
  }
  const text = readFileSync(file, 'utf8').trim();
  return author === undefined ? text : `Copyright (c) ${author}\n\n${text}`;
}
