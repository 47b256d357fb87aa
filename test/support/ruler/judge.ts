// Runs AWS's own matcher, event-ruler, over patterns and events. Needs a JDK of version 17 or newer, and Maven.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { jarsOf } from '#test/support/maven.ts';

export const RULER_VERSION = '2.0.1';

const jars = jarsOf({
  name: 'event-ruler',
  version: RULER_VERSION,
  artifacts: ['software.amazon.event.ruler:event-ruler'],
});

export type Case = { readonly pattern: string; readonly events: readonly string[] };
export type Verdict = { readonly invalid: string } | { readonly matches: readonly boolean[] };

/** The verdicts of event-ruler, one for each case. Throws when Java or Maven is missing or fails. */
export function judge(cases: readonly Case[]): readonly Verdict[] {
  jars.install();
  const input = cases.map(({ pattern, events }) => [pattern, ...events].join('\t')).join('\n');
  const { status, stdout, stderr, error } = spawnSync(
    'java',
    ['-Xmx512m', '-cp', join(jars.folder, '*'), join(import.meta.dirname, 'Judge.java')],
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
