// A separate checkout, and the serverless CLI in it, against an emulated AWS. The stage is made from the repository's own
// files, and the packages of other tests are not touched.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { REGION, ROOT } from './ministack.ts';

const run = promisify(execFile);

export type Cli = {
  /** The checkout: `.serverless` and `dist` are in it. */
  readonly root: string;
  /** Runs the CLI in the checkout for the stage and returns its output. Throws with the output when it fails. */
  serverless(stage: string, ...args: string[]): Promise<string>;
  remove(): void;
};

/**
 * How often the CLI asks how far a stack is. Its default is 5 s, which spares the API of AWS. An emulated one has deployed long
 * before: three such waits are most of the time of a deployment.
 */
export const EMULATED_STACKS = { SLS_AWS_MONITORING_FREQUENCY: '250' };

/** Time limit for the CLI: longer than a deployment takes on the slowest machine. */
const CLI_ENDS_WITHIN_MS = 180_000;

/** Copies what git would commit, changed files included, into a checkout that deploys to the endpoint. */
export async function checkOut(endpointUrl: string): Promise<Cli> {
  const root = mkdtempSync(join(tmpdir(), 'deploy-'));
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  for (const path of stdout.split('\0').filter((name) => name !== '')) {
    cpSync(path, join(root, path), { recursive: true, force: true });
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'), 'dir');
  return cliIn(root, endpointUrl);
}

/** Runs the CLI in an existing checkout. */
export function cliIn(root: string, endpointUrl: string): Cli {
  const cli = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
    ...EMULATED_STACKS,
  };
  return {
    root,
    async serverless(stage, ...args) {
      const [command = '', ...rest] = args;
      try {
        const { stdout, stderr } = await run(process.execPath, [cli, command, '--stage', stage, ...rest], {
          cwd: root,
          env,
          timeout: CLI_ENDS_WITHIN_MS,
          killSignal: 'SIGKILL',
          maxBuffer: 64 * 1024 * 1024,
        });
        return stripVTControlCharacters(stdout === '' ? stderr : stdout);
      } catch (error) {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
        const said = stripVTControlCharacters(`${stdout}${stderr}`);
        throw new Error(`serverless ${args.join(' ')} failed:\n${said || error}`, { cause: error });
      }
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
