// The parameters of a stage through the real serverless CLI: what reaches the template, and what is refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import * as config from '#lib/deployment/config.ts';
import { parametersFor } from '#lib/deployment/parameters.ts';
import { TEMPLATE_FILE } from '#lib/local/template.ts';
import { type Cli, checkOut } from '#test/support/deployment.ts';

const SCHEMAS = {
  route: config.routeEnvironment,
  deliver: config.deliverEnvironment,
  bridge: config.bridgeEnvironment,
  resume: config.resumeEnvironment,
  redrive: config.redriveEnvironment,
};

let cli: Cli;
beforeAll(async () => {
  // Packaging reaches no AWS.
  cli = await checkOut('http://127.0.0.1:1');
});
afterAll(() => cli?.remove());

const resourceSchema = z.object({
  Type: z.string(),
  DeletionPolicy: z.string().optional(),
  Properties: z
    .object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).optional() })
    .optional(),
});

async function packaged(stage: string, ...parameters: string[]) {
  await cli.serverless(stage, 'package', ...parameters.flatMap((parameter) => ['--param', parameter]));
  const { Resources } = z
    .object({ Resources: z.record(z.string(), resourceSchema) })
    .parse(JSON.parse(readFileSync(join(cli.root, TEMPLATE_FILE), 'utf8')));
  const variables = (name: string): Record<string, unknown> => {
    const id = `${name[0]?.toUpperCase()}${name.slice(1)}LambdaFunction`;
    return Resources[id]?.Properties?.Environment?.Variables ?? {};
  };
  return { resources: Resources, variables };
}

test("each function's environment has given parameters, the stage's parameters and defaults", async () => {
  const { resources, variables } = await packaged('prod', 'lagSeconds=31', 'allowedCidrs=10.20.0.0/16');
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const read = Object.keys(schema.shape).filter((variable) => variable !== 'AWS_ENDPOINT_URL');
    expect(Object.keys(variables(name)).sort()).toEqual(read.sort());
  }
  const expected = Object.fromEntries(
    parametersFor('deliver').map(({ variable, default: value }) => [
      variable,
      String(value).replace('<stage>', 'prod'),
    ]),
  );
  expect(variables('deliver')).toMatchObject({
    ...expected,
    STAGE: 'prod',
    LAG_SECONDS: '31',
    ALLOWED_CIDRS: '10.20.0.0/16',
  });
  expect(resources.StateTable).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate' });
});

test.each([
  [
    'a mistyped parameter',
    ['--param', 'keepdata=true'],
    'There is no parameter "keepdata": did you mean keepData?',
  ],
  [
    'an unknown parameter',
    ['--param', 'colour=red'],
    'There is no parameter "colour": OPERATORS.md has a table',
  ],
  [
    'a log level that is none',
    ['--param', 'logLevel=VERBOSE'],
    'logLevel ("VERBOSE") must be one of TRACE, DEBUG',
  ],
  [
    "an event bus's ARN",
    ['--param', 'eventBus=arn:aws:events:us-east-1:123456789012:event-bus/mine'],
    "must be an event bus's name, such as default, and not its ARN.",
  ],
  ['numbers that do not fit', ['--param', 'drainBudget=201'], 'drainBudget (201) must not be more than'],
  [
    'a region that is none',
    ['--region', 'us east'],
    'The region is "us east"; it must be the name of an AWS region',
  ],
])('%s is refused in a sentence', async (_, args, sentence) => {
  const refused = cli.serverless('dev', 'package', ...args);
  await expect(refused).rejects.toThrow(sentence);
  await expect(refused).rejects.not.toThrow(/^ +at /m);
});

test('a stage whose name is too long for a function is refused in a sentence', async () => {
  await expect(cli.serverless('a'.repeat(48), 'package')).rejects.toThrow(
    'is too long by 1: the function webhooks-aaa',
  );
});

test('more queues than the policy of a role holds are refused in a sentence', async () => {
  const arns = Array.from({ length: 220 }, (_, index) => `arn:aws:sqs:us-east-1:123456789012:dead-${index}`);
  const refused = cli.serverless('dev', 'package', '--param', `sqsEndpointArns=${arns.join(',')}`);
  await expect(refused).rejects.toThrow(
    /sqsEndpointArns holds 220 queues and sharedSecretPrefixes 0 names, .* where IAM takes 10240/,
  );
});
