// Apache Kafka's own programs, downloaded from Maven Central once and kept outside of the checkout. Needs Java 17 or newer
// and Maven.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const KAFKA_VERSION = '4.3.1';

const home = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  `sqs-webhooks/kafka-${KAFKA_VERSION}`,
);
const complete = join(home, '.complete');

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>sqs-webhooks</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version></dependency>
</dependencies></project>
`;

/** Returns what is missing on this machine, with instructions; undefined when nothing is. */
export function missing(): string | undefined {
  const { status, stderr } = run('java', ['-version']);
  const major = Number(/version "(\d+)/.exec(stderr ?? '')?.[1]);
  if (status !== 0) return 'Java is not installed. Install a JRE or JDK, 17 or newer, and run it again.';
  if (major < 17)
    return `Java is of version ${major}. Kafka ${KAFKA_VERSION} needs 17 or newer: install it, or put it first in PATH.`;
  if (!existsSync(complete) && run('mvn', ['-v']).status !== 0)
    return 'Maven is not installed: it brings Kafka, once. Install it (mvn) and run it again.';
  return undefined;
}

/** Downloads the jars unless they are there. Throws with Maven's output when that fails. */
export function install(): void {
  if (existsSync(complete)) return;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'pom.xml'), POM);
  const goal = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime'];
  const { status, stdout, stderr, error } = run('mvn', [...goal, `-DoutputDirectory=${join(home, 'lib')}`]);
  if (status !== 0) throw new Error(`mvn could not bring Kafka: ${error?.message ?? ''}\n${stdout}${stderr}`);
  writeFileSync(complete, '');
}

/** Returns the arguments of `java` that run one of Kafka's classes. */
export const javaArguments = (className: string, args: readonly string[] = []): string[] => [
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-cp',
  join(home, 'lib', '*'),
  className,
  ...args,
];

/** Runs one of Kafka's classes and waits for its end. */
export const runJava = (className: string, args: readonly string[]): SpawnSyncReturns<string> =>
  run('java', javaArguments(className, args));

const run = (command: string, args: string[]) =>
  spawnSync(command, args, {
    encoding: 'utf8',
    cwd: existsSync(home) ? home : undefined,
    maxBuffer: 2 ** 28,
  });
