// Packages the functions once before all integration tests, so that no test file waits for a build of its own.
import { ensurePackaged } from '#lib/local/package.ts';

export async function setup(): Promise<void> {
  await ensurePackaged(process.cwd());
}
