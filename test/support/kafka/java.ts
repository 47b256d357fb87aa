// Apache Kafka's own programs. Needs Java 17 or newer and Maven.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { jarsOf } from '#test/support/maven.ts';

export const KAFKA_VERSION = '4.3.1';

const jars = jarsOf({
  name: 'kafka',
  version: KAFKA_VERSION,
  artifacts: ['org.apache.kafka:kafka_2.13', 'org.apache.kafka:kafka-tools'],
});

/** Downloads the jars unless they are there. Throws with Maven's output when that fails. */
export const { install } = jars;

/** Returns what is missing on this machine, with instructions; undefined when nothing is. */
export function missing(): string | undefined {
  const { status, stderr } = run('java', ['-version']);
  const major = Number(/version "(\d+)/.exec(stderr ?? '')?.[1]);
  if (status !== 0) return 'Java is not installed. Install a JRE or JDK, 17 or newer, and run it again.';
  if (major < 17)
    return `Java is of version ${major}. Kafka ${KAFKA_VERSION} needs 17 or newer: install it, or put it first in PATH.`;
  if (!jars.isInstalled() && run('mvn', ['-v']).status !== 0)
    return 'Maven is not installed: it brings Kafka, once. Install it (mvn) and run it again.';
  return undefined;
}

/** Returns the arguments of `java` that run one of Kafka's classes. */
export const javaArguments = (className: string, args: readonly string[] = []): string[] => [
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-cp',
  join(jars.folder, '*'),
  className,
  ...args,
];

/** Runs one of Kafka's classes and waits for its end. */
export const runJava = (className: string, args: readonly string[]): SpawnSyncReturns<string> =>
  run('java', javaArguments(className, args));

const run = (command: string, args: string[]) =>
  spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
