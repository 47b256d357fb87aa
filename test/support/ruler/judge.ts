// Runs AWS's own matcher, event-ruler, over patterns and events. Needs a JDK of version 17 or newer, and Maven, which
// downloads the jars from Maven Central once.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const RULER_VERSION = '2.0.1';

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const home = join(cache, `sqs-webhooks/event-ruler-${RULER_VERSION}`);

export type Case = { readonly pattern: string; readonly events: readonly string[] };
export type Verdict = { readonly invalid: string } | { readonly matches: readonly boolean[] };

/** The verdicts of event-ruler, one for each case. Throws when Java or Maven is missing or fails. */
export function judge(cases: readonly Case[]): readonly Verdict[] {
  install();
  const input = cases.map(({ pattern, events }) => [pattern, ...events].join('\t')).join('\n');
  const { status, stdout, stderr, error } = spawnSync(
    'java',
    ['-Xmx512m', '-cp', join(home, 'lib', '*'), join(import.meta.dirname, 'Judge.java')],
    { input, encoding: 'utf8', maxBuffer: 1024 ** 3 },
  );
  if (status !== 0) throw new Error(`java failed: ${stderr} ${error?.message ?? ''}`);
  const lines = stdout.split('\n').slice(0, cases.length);
  if (lines.length !== cases.length) throw new Error(`${lines.length} verdicts of ${cases.length} cases`);
  return lines.map((line) =>
    line.startsWith('invalid: ')
      ? { invalid: line.slice('invalid: '.length) }
      : { matches: [...line].map((answer) => answer === '1') },
  );
}

function install(): void {
  if (existsSync(join(home, '.complete'))) return;
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>sqs-webhooks</groupId><artifactId>event-ruler</artifactId><version>1</version>
<dependencies><dependency><groupId>software.amazon.event.ruler</groupId><artifactId>event-ruler</artifactId>
<version>${RULER_VERSION}</version></dependency></dependencies></project>`,
  );
  const { status, error } = spawnSync(
    'mvn',
    [
      '-q',
      '-B',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${join(home, 'lib')}`,
    ],
    { cwd: home, stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`mvn could not bring event-ruler: ${error?.message ?? `exit ${status}`}`);
  writeFileSync(join(home, '.complete'), '');
}
