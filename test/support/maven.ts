// Programs of Java for the tests: their jars are downloaded from Maven Central once, and kept outside of the checkout. Needs
// Maven.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Jars = {
  /** The folder of the jars. */
  readonly folder: string;
  /** Whether they were downloaded before. */
  isInstalled(): boolean;
  /** Downloads them unless they are there. Throws with Maven's output when that fails. */
  install(): void;
};

export type Wanted = {
  /** Also the folder's name, with the version. */
  readonly name: string;
  readonly version: string;
  /** `group:artifact` of this version. The jars that they depend on are downloaded too. */
  readonly artifacts: readonly string[];
};

/** Says where the jars are. Nothing is downloaded yet. */
export function jarsOf({ name, version, artifacts }: Wanted): Jars {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const home = join(cache, `sqs-webhooks/${name}-${version}`);
  const folder = join(home, 'lib');
  const complete = join(home, '.complete');
  const isInstalled = () => existsSync(complete);

  const dependencies = artifacts.map((artifact) => {
    const [group, id] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version></dependency>`;
  });
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>sqs-webhooks</groupId><artifactId>${name}</artifactId><version>1</version>
<dependencies>
${dependencies.join('\n')}
</dependencies></project>
`;

  function install(): void {
    if (isInstalled()) return;
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'pom.xml'), pom);
    const goal = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime'];
    const { status, stdout, stderr, error } = spawnSync('mvn', [...goal, `-DoutputDirectory=${folder}`], {
      cwd: home,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) {
      throw new Error(
        `mvn could not bring ${name}: ${error?.message ?? `exit ${status}`}\n${stdout}${stderr}`,
      );
    }
    writeFileSync(complete, '');
  }

  return { folder, isInstalled, install };
}
