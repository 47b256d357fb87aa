// .ci/run, package.json, the workflow and the changelog agree: everything that can be run is run, and no suite twice.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const { version, scripts } = z
  .object({ version: z.string(), scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

/** What `.ci/run` leaves out: what ends only when told to, writes files, deploys, or takes too long. */
const LEFT_OUT = [
  'start',
  'webhooks',
  // It needs an account; a deploy test runs the same program on the emulated AWS.
  'test:aws',
  'fix',
  'schema',
  'parameters',
  'deploy',
  'scale:check',
  'bench:ordered',
  'bench:backlog',
  'bench:lanes',
  'bench:rate',
  'bench:neighbours',
  'bench:growth',
  'bench:peers',
];

/** The commands that a script comes to, once its own `npm run …` are followed. */
function commandsOf(name: string): string[] {
  const script = scripts[name];
  if (script === undefined) throw new Error(`package.json has no script ${name}`);
  return script.split(' && ').flatMap((command) => {
    const [, inner] = /^npm run (\S+)$/.exec(command) ?? [];
    return inner === undefined ? [command] : commandsOf(inner);
  });
}

const steps = [...readFileSync('.ci/run', 'utf8').matchAll(/^ *step npm (?:run )?(\S+)$/gm)].flatMap(
  ([, name = '']) => (name === 'ci' ? [] : [name]),
);
const run = steps.flatMap(commandsOf);
const projectsOf = (command: string) =>
  [...command.matchAll(/--project (\S+)/g)].map(([, project = '']) => project);
/** With ElasticMQ some suites are judged again, on purpose, by another queue. */
const judgesOurs = (command: string) => !command.includes('elasticmq.ts');
const suites = run.filter(judgesOurs).flatMap(projectsOf);

test('.ci/run runs every script but the few that are left out', () => {
  const isRun = (command: string) =>
    run.includes(command) ||
    (/^vitest run( --project \S+)+$/.test(command) &&
      projectsOf(command).every((project) => suites.includes(project)));
  // npm runs those that begin so before the script behind them.
  const names = Object.keys(scripts).filter((name) => !/^pre(start|test|test:aws|check)$/.test(name));
  expect(names.filter((name) => !commandsOf(name).every(isRun))).toEqual(LEFT_OUT);
});

test('.ci/run runs nothing twice', () => {
  expect(run).toEqual([...new Set(run)]);
  expect(suites).toEqual([...new Set(suites)]);
});

test('the workflow runs .ci/run, on the Node of .nvmrc, with actions pinned to a commit', () => {
  const workflow = z
    .object({
      jobs: z.object({
        check: z.object({
          steps: z.array(
            z.object({
              uses: z.string().optional(),
              run: z.string().optional(),
              with: z.record(z.string(), z.unknown()).optional(),
            }),
          ),
        }),
      }),
    })
    .parse(parse(readFileSync('.github/workflows/check.yml', 'utf8')));
  const { steps: jobSteps } = workflow.jobs.check;
  expect(jobSteps.flatMap((step) => step.run ?? [])).toEqual(['bash .ci/run']);
  expect(jobSteps.some((step) => step.with?.['node-version-file'] === '.nvmrc')).toBe(true);
  for (const { uses } of jobSteps) if (uses !== undefined) expect(uses).toMatch(/@[0-9a-f]{40}$/);
});

test('the version in package.json has a section in the changelog', () => {
  const titles = readFileSync('CHANGELOG.md', 'utf8').match(/^## .*$/gm) ?? [];
  expect(titles.some((title) => title.includes(version))).toBe(true);
});
