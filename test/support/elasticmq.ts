// Runs a command with ElasticMQ, an independent SQS emulator, instead of our own: `node test/support/elasticmq.ts COMMAND…`.
// Needs Java 11 or newer, and Maven.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '#test/support/free-port.ts';
import { jarsOf } from '#test/support/maven.ts';

const VERSION = '1.7.1';
const jars = jarsOf({
  name: 'elasticmq',
  version: VERSION,
  artifacts: ['org.elasticmq:elasticmq-server_3'],
});

const configuration = (port: number): string => `include classpath("application.conf")
node-address { protocol = http, host = "127.0.0.1", port = ${port}, context-path = "" }
rest-sqs { enabled = true, bind-port = ${port}, bind-hostname = "127.0.0.1", sqs-limits = strict }
rest-stats { enabled = false }
aws { region = us-east-1, accountId = 000000000000 }
`;

async function answers(url: string): Promise<boolean> {
  for (let tries = 0; tries < 150; tries++) {
    try {
      await fetch(`${url}/?Action=ListQueues`);
      return true;
    } catch {
      await wait(200);
    }
  }
  return false;
}

const [command, ...args] = process.argv.slice(2);
if (
  command === undefined ||
  spawnSync('java', ['-version']).status !== 0 ||
  spawnSync('mvn', ['-v']).status !== 0
) {
  console.error(
    'This needs a command to run, and Java 11 or newer with Maven: install both and run it again.',
  );
  process.exit(2);
}
jars.install();
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const scratch = mkdtempSync(join(tmpdir(), 'elasticmq-'));
writeFileSync(join(scratch, 'elasticmq.conf'), configuration(port));
const server = spawn(
  'java',
  [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    `-Dconfig.file=${join(scratch, 'elasticmq.conf')}`,
    '-cp',
    join(jars.folder, '*'),
    'org.elasticmq.server.Main',
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
process.on('exit', () => {
  server.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
if (!(await answers(url))) throw new Error(`ElasticMQ does not answer on ${url}`);
console.log(`SQS is ElasticMQ ${VERSION} on ${url}`);
const run = spawn(command, args, { stdio: 'inherit', env: { ...process.env, AWS_ENDPOINT_URL_SQS: url } });
run.on('exit', (code) => process.exit(code ?? 1));
