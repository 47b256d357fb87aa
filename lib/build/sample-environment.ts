// An environment with which every function starts. Each parameter has its default, and the tables and queues do not
// exist. The build, which measures the cost of importing a function, uses it, and so do benchmarks and tests.
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
