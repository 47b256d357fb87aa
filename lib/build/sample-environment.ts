// An environment with which each of the functions starts: every parameter at its default, tables and queues that do not
// exist. For whatever imports a function without a deployment: its cost, benchmarks, tests.
import { RESOURCES } from '#lib/deployment/config.ts';
import { parameterList } from '#lib/deployment/parameters.ts';

const STAGE = 'dev';

export const SAMPLE_ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_REGION: 'us-east-1',
  ...Object.fromEntries(
    Object.keys(RESOURCES).map((variable) => [
      variable,
      variable.endsWith('_URL') ? 'https://queue.invalid/name' : 'table',
    ]),
  ),
  STAGE,
  ...Object.fromEntries(
    parameterList().flatMap(({ variable, default: value }) =>
      variable === undefined ? [] : [[variable, String(value).replace('<stage>', STAGE)]],
    ),
  ),
};
