// `doctor`: makes the clients, has lib/doctor look, and prints the report. The exit code is 0 without findings, 1 with
// findings, 2 when the doctor could not look.
import { readFileSync } from 'node:fs';
import { unknownParameter } from '#lib/build/capacity-check.ts';
import { packageVersion } from '#lib/build/packaged.ts';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { explain } from '#lib/cli/terminal/failure.ts';
import type { Print } from '#lib/cli/terminal/print.ts';
import { type DoctorDeps, examine } from '#lib/doctor/examine.ts';
import { CHECK_NAMES, type Finding, type NotLookedAt, type Report } from '#lib/doctor/finding.ts';
import { lookupUnless } from './check.ts';

type Options = { readonly skipDns?: true; readonly param: readonly string[] };

/** Looks at the stage and prints the report. Ends the command with the exit codes above. */
export async function runDoctor(options: Options, context: CommandContext): Promise<void> {
  const asked = parametersFrom(options.param);
  const { stage, endpointUrl } = context.place;
  const bar = context.progress('');
  let report: Report;
  try {
    const { deps, clockUrl } = await depsOf(options, context, bar.at);
    report = await examine(
      {
        stage,
        version: packageVersion(),
        serviceFile: readFileSync(new URL('../../../serverless.yml', import.meta.url), 'utf8'),
        asked,
        endpointUrl,
        clockUrl,
      },
      deps,
    );
  } catch (error) {
    const why = error instanceof Error && error.name === 'NothingToExamine' ? error.message : undefined;
    throw new CommandFailed(why ?? explain(error, context.place), 2, { cause: error });
  } finally {
    bar.end();
  }
  printReport(report, context);
}

function parametersFrom(given: readonly string[]): Readonly<Record<string, string>> {
  const fault =
    unknownParameter(given) ??
    given.find((one) => !one.includes('='))?.replace(/$/, ' has no value: give it as NAME=VALUE.');
  if (fault !== undefined) throw new CommandFailed(`--param: ${fault}`, 2);
  return Object.fromEntries(
    given.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  );
}

type Bar = (done: number, total?: number, note?: string) => void;

async function depsOf({ skipDns }: Options, context: CommandContext, bar: Bar) {
  const [
    { IAMClient },
    { CloudFormationClient },
    { CloudWatchClient },
    { EventBridgeClient },
    dynamodb,
    lambda,
  ] = await Promise.all([
    import('@aws-sdk/client-iam'),
    import('@aws-sdk/client-cloudformation'),
    import('@aws-sdk/client-cloudwatch'),
    import('@aws-sdk/client-eventbridge'),
    import('@aws-sdk/client-dynamodb'),
    import('@aws-sdk/client-lambda'),
  ]);
  const sqs = await context.sqs();
  const deps: DoctorDeps = {
    sqs,
    sqsIn: (region) => context.sqs(region),
    secrets: await context.secrets(),
    tables: await context.tables(),
    iam: context.client((config) => new IAMClient(config)),
    cloudFormation: context.client((config) => new CloudFormationClient(config)),
    cloudWatch: context.client((config) => new CloudWatchClient(config)),
    events: context.client((config) => new EventBridgeClient(config)),
    dynamodb: context.client((config) => new dynamodb.DynamoDBClient(config)),
    lambda: context.client((config) => new lambda.LambdaClient(config)),
    lookup: lookupUnless(skipDns === true),
    fetch,
    now: Date.now,
    onProgress: (what, done, total) => bar(done, total, what),
  };
  const region = await sqs.config.region();
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return { deps, clockUrl: context.place.endpointUrl ?? `https://sqs.${region}.${domain}/ping` };
}

/** Findings of one check that are shown to a person. --json has all. */
const MOST_SHOWN = 20;

function printReport({ findings, notLookedAt }: Report, { print, place }: CommandContext): void {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const value = { stage: place.stage, errors, warnings: findings.length - errors, findings, notLookedAt };
  print.result(value, () =>
    [
      ...CHECK_NAMES.flatMap((check) =>
        section(
          findings.filter((one) => one.check === check),
          print,
        ),
      ),
      ...unseen(notLookedAt),
      summaryOf(place.stage, errors, findings.length - errors, notLookedAt.length),
    ].join('\n'),
  );
  if (findings.length > 0)
    throw new CommandFailed('The stage is not as it should be: each finding above says what to do.');
}

function section(findings: readonly Finding[], print: Print): readonly string[] {
  const sorted = [...findings].sort((a, b) =>
    a.severity < b.severity ? -1 : a.severity > b.severity ? 1 : 0,
  );
  const shown = sorted
    .slice(0, MOST_SHOWN)
    .flatMap(({ severity, where, what, fix }) => [
      `${print.paint(severity === 'error' ? 'red' : 'yellow', severity)} ${where}: ${what}`,
      `  ${fix}`,
    ]);
  const more = sorted.length - MOST_SHOWN;
  const [first] = sorted;
  return more > 0
    ? [...shown, `… and ${more} more of this kind (${first?.check}); --json lists all.`]
    : shown;
}

/** One line for each reason. */
function unseen(notLookedAt: readonly NotLookedAt[]): readonly string[] {
  return [...Map.groupBy(notLookedAt, ({ why }) => why)].map(
    ([why, all]) => `Not looked at: ${all.map(({ what }) => what).join(', ')}: ${why}.`,
  );
}

function summaryOf(stage: string, errors: number, warnings: number, skipped: number): string {
  const few =
    skipped === 0 ? '' : ` ${skipped} ${skipped === 1 ? 'thing was' : 'things were'} not looked at.`;
  if (errors + warnings === 0) return `${stage}: nothing was found.${few}`;
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  return `${stage}: ${count(errors, 'error')}, ${count(warnings, 'warning')}.${few}`;
}
