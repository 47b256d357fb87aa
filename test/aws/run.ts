// `npm run test:aws -- --stage NAME --profile P`: deploys a stage of its own with a receiver, drives it, removes everything, and
// writes a report. Also after a failure or Ctrl-C everything is removed. It refuses to begin on a stage that exists.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { packageVersion } from '#lib/build/packaged.ts';
import { type Place, placeOf } from '#lib/cli/terminal/place.ts';
import { isLocalStage } from '#lib/deployment/stage-and-region.ts';
import { checkOut, EMULATED_STACKS } from '#test/support/deployment.ts';
import { estimatedCost, lambdaCost, totalOf, usdText } from './costs.ts';
import { linesOf, readLines, spreadOf, untilLogged } from './logs.ts';
import { runNode } from './process.ts';
import { createDriveStack } from './receiver.ts';
import { existingStage, removeEverything } from './removal.ts';
import { type RunReport, reportText, type Seen, withoutAccount } from './report.ts';
import { SCENARIOS } from './scenarios.ts';
import { createClients, createWorld, type World } from './world.ts';

const HELP = `npm run test:aws -- --stage NAME [--region R] [--profile P] [--report FILE] [--yes]
  Deploys the stage NAME, which must not exist, with a receiver beside it. Sends messages, looks at what arrives, and
  removes everything. Prints a report and writes it as JSON into FILE (default: test-aws-NAME.json).
  Exit codes: 0: all as it should be and removed. 1: something was not. 2: it did not begin. 130: ended by Ctrl-C.`;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const stopping = new AbortController();

function refuse(why: string): never {
  say(why);
  process.exit(2);
}

function readOptions() {
  try {
    const options = {
      stage: { type: 'string' },
      region: { type: 'string' },
      profile: { type: 'string' },
      report: { type: 'string' },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
  }
}
const values = readOptions();

const stageAsked = values.stage;
if (values.help || stageAsked === undefined) {
  say(HELP);
  process.exit(values.help ? 0 : 2);
}

function placeAsked(stage: string): Place {
  try {
    return placeOf({ ...values, stage }, process.env);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const place = placeAsked(stageAsked);
const { stage, endpointUrl } = place;
const clients = createClients(place);
const emulated = endpointUrl !== undefined;
if (isLocalStage(stage) !== emulated)
  refuse(
    emulated
      ? `An emulated AWS needs a stage named local-…, and not ${stage}: only there may callbacks be on this machine.`
      : `The stage ${stage} is one of an emulated AWS: set AWS_ENDPOINT_URL, or give another name.`,
  );

const deliveries = SCENARIOS.reduce((sum, one) => sum + one.deliveries, 0);
const estimate = estimatedCost({ deliveries });

async function confirm(region: string): Promise<void> {
  say(
    `This deploys the stage ${stage} and a receiver in ${region}${emulated ? ` (${endpointUrl})` : ''}, makes`,
  );
  say(
    `about ${deliveries} deliveries, and removes everything again. It takes about ten minutes on AWS. It costs about:`,
  );
  for (const { what, usd } of estimate) say(`  ${usdText(usd)}  ${what}`);
  say(`  ${usdText(totalOf(estimate))}  together, at the list prices of us-east-1, without the free tier`);
  if (values.yes) return;
  if (process.stdin.isTTY !== true) refuse('Nobody can be asked here: give --yes if this is what you want.');
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  asking.once('SIGINT', () => refuse('Nothing was done.'));
  const answer = await asking.question('Go on? (yes/no) ');
  asking.close();
  if (answer.trim().toLowerCase() !== 'yes') refuse('Nothing was done.');
}

/** A checkout of its own: a deployment writes into .serverless and dist. */
const SERVERLESS = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');

async function serverless(root: string, region: string, ...args: string[]): Promise<void> {
  const [command = '', ...rest] = args;
  const env = {
    ...process.env,
    AWS_REGION: region,
    ...(emulated && EMULATED_STACKS),
    ...(place.profile !== undefined && { AWS_PROFILE: place.profile }),
    ...(place.credentials !== undefined && {
      AWS_ACCESS_KEY_ID: place.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: place.credentials.secretAccessKey,
    }),
  };
  const ran = await runNode([SERVERLESS, command, '--stage', stage, '--region', region, ...rest], {
    cwd: root,
    env,
  });
  if (ran.code !== 0) throw new Error(`serverless ${command} failed:\n${ran.stdout}${ran.stderr}`);
}

async function drive(world: World): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for (const { name, run } of SCENARIOS) {
    if (stopping.signal.aborted) break;
    const started = performance.now();
    const outcome = await run(world).then(
      (detail) => ({ ok: true, detail }),
      (error: unknown) => ({ ok: false, detail: error instanceof Error ? error.message : String(error) }),
    );
    const one = { name, seconds: (performance.now() - started) / 1_000, ...outcome };
    seen.push(one);
    say(`${one.ok ? 'ok    ' : 'FAILED'} ${name} (${one.seconds.toFixed(1)} s)`);
  }
  return seen;
}

/** What the CLI's doctor says about the stage as it is now. */
async function askDoctor(root: string, region: string): Promise<RunReport['doctor']> {
  const env = {
    ...process.env,
    AWS_REGION: region,
    ...(place.profile !== undefined && { AWS_PROFILE: place.profile }),
  };
  const { stdout } = await runNode(
    ['lib/cli/webhooks.ts', 'doctor', '--json', '--stage', stage, '--region', region],
    { cwd: root, env },
  );
  return stdout === '' ? undefined : JSON.parse(stdout);
}

const FUNCTIONS = ['route', 'deliver', 'bridge', 'resume', 'redrive'] as const;

async function readLogs(since: number, attempts: number) {
  const group = (name: string) => `/aws/lambda/webhooks-${stage}-${name}`;
  await untilLogged({ logGroupName: group('deliver'), since }, attempts, clients.logs);
  const logs = new Map<string, ReturnType<typeof readLines>>();
  for (const name of FUNCTIONS)
    logs.set(name, readLines(await linesOf({ logGroupName: group(name), since }, clients.logs)));
  const deliver = logs.get('deliver');
  return {
    latencies: {
      publishedToDelivered: spreadOf(deliver?.ages ?? []),
      attempt: spreadOf(deliver?.durations ?? []),
    },
    batchSizes: Object.fromEntries(
      ['route', 'deliver'].map((name) => [name, spreadOf(logs.get(name)?.batches ?? [])]),
    ),
    outcomes: deliver?.outcomes ?? {},
    functions: Object.fromEntries([...logs].map(([name, { use }]) => [name, use])),
  };
}

/** Nothing can be deployed before it; everything after it is removed in the end. */
async function begin(): Promise<string> {
  try {
    const region = await clients.region();
    const exists = await existingStage(stage, clients);
    if (exists !== undefined)
      refuse(
        `It does not begin: ${exists}. Give the name of a stage that does not exist; it is removed at the end.`,
      );
    await confirm(region);
    return region;
  } catch (error) {
    return refuse(`It did not begin: ${error instanceof Error ? error.message : error}`);
  }
}

async function run(): Promise<number> {
  const region = await begin();
  const startedAt = Date.now();
  const cli = await checkOut(endpointUrl ?? '');
  let deploySeconds: number | undefined;
  let scenarios: readonly Seen[] = [];
  let logs: Awaited<ReturnType<typeof readLogs>> | undefined;
  let doctor: RunReport['doctor'];
  let left: readonly string[];
  const failures: string[] = [];
  try {
    say('Deploying the receiver.');
    const receiver = await createDriveStack({
      cloudFormation: clients.cloudFormation,
      stage,
      endpointUrl,
      nodePath: emulated ? join(process.cwd(), 'node_modules') : undefined,
    });
    stopping.signal.throwIfAborted();
    say(`Deploying the stage ${stage}.`);
    const began = performance.now();
    await serverless(cli.root, region, 'deploy', ...parametersFor(receiver.lettersArn));
    deploySeconds = (performance.now() - began) / 1_000;
    stopping.signal.throwIfAborted();
    say('Driving it.');
    const world = await createWorld({ stage, clients, drive: receiver, signal: stopping.signal });
    scenarios = await drive(world);
    stopping.signal.throwIfAborted();
    say('Reading the logs, and asking the doctor.');
    logs = await readLogs(startedAt, deliveries);
    doctor = await askDoctor(cli.root, region);
  } catch (error) {
    if (!stopping.signal.aborted) failures.push(error instanceof Error ? error.message : String(error));
  } finally {
    left = await removeEverything({
      stage,
      clients,
      removeStage: () => serverless(cli.root, region, 'remove'),
      say,
    }).catch((error: unknown) => [`everything: the removal failed (${error})`]);
    cli.remove();
  }
  for (const failure of failures) say(`It failed: ${failure}`);
  const report: RunReport = {
    version: packageVersion(),
    node: process.version,
    region,
    emulated,
    receiver: emulated
      ? 'a function with a URL, which the emulated AWS answers under a path of its endpoint'
      : 'a function with a URL',
    startedAt: new Date(startedAt).toISOString(),
    deploySeconds,
    failures,
    scenarios,
    latencies: logs?.latencies ?? { publishedToDelivered: undefined, attempt: undefined },
    batchSizes: logs?.batchSizes ?? {},
    outcomes: logs?.outcomes ?? {},
    calls: { ours: clients.calls, functions: logs?.functions ?? {} },
    cost: { estimate, functionsUsd: lambdaCost(logs?.functions ?? {}) },
    doctor,
    left,
  };
  const file = values.report ?? `test-aws-${stage}.json`;
  writeFileSync(file, `${withoutAccount(JSON.stringify(report, null, 2))}\n`);
  process.stdout.write(`${withoutAccount(reportText(report))}\n`);
  say(`The report is in ${file}.`);
  if (stopping.signal.aborted) return 130;
  const isGood = failures.length === 0 && left.length === 0 && scenarios.every(({ ok }) => ok);
  return isGood ? 0 : 1;
}

/** Callbacks of an emulated AWS are on this machine, by http. */
const parametersFor = (lettersArn: string): string[] =>
  [`sqsEndpointArns=${lettersArn}`, 'keepData=false', ...(emulated ? ['allowHttp=true'] : [])].flatMap(
    (parameter) => ['--param', parameter],
  );

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) {
      say(
        `Still removing. If you end this program by force, remove the rest with: npx serverless remove --stage ${stage}, and delete the stack webhooks-${stage}-drive.`,
      );
      return;
    }
    say('Ending: it waits for the step that is running, and then removes everything.');
    stopping.abort(new Error('ended by a signal'));
  });
}

process.exitCode = await run();
