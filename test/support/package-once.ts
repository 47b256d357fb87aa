// Packages the functions once before the integration tests, so that no test file waits for another's build.
import { ensurePackaged } from '#lib/local/package.ts';

export async function setup(): Promise<void> {
  await ensurePackaged(process.cwd());
}
