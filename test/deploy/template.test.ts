// What is deployed, read by AWS's own linter of CloudFormation templates: errors and warnings are failures.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import * as z from 'zod';
import { TEMPLATE_FILE } from '#lib/local/template.ts';
import { cliIn } from '#test/support/deployment.ts';
import { pythonTool } from '#test/support/python-tools.ts';

const checkout = inject('checkout');
const cli = cliIn(checkout, inject('endpointUrl'));

// The CLI writes a DependsOn that is not needed; and a condition on a parameter is settled when it is packaged.
const NOT_OURS = ['W3005', 'W1033', 'W8003'];

// Made up, in the form that they have.
const ALL_OPTIONS = [
  'vpcSubnetIds=subnet-0a1b2c3d,subnet-1a2b3c4d',
  'vpcSecurityGroupIds=sg-0a1b2c3d',
  'kmsKeyArn=arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef',
  'sqsEndpointArns=arn:aws:sqs:us-east-1:123456789012:a,arn:aws:sqs:us-east-1:123456789012:b.fifo',
  'tags=team=payments,cost-centre=42',
].flatMap((parameter) => ['--param', parameter]);

test.each([
  ['dev', []],
  ['prod', []],
  ['prod', ALL_OPTIONS],
])('the template of the stage %s with %j is valid', async (stage, options) => {
  await cli.serverless(stage, 'package', ...options);
  const template = join(checkout, TEMPLATE_FILE);
  const { stdout, stderr, status } = spawnSync(
    pythonTool('cfn-lint'),
    ['--ignore-checks', ...NOT_OURS, '--template', template],
    { encoding: 'utf8' },
  );
  expect({ said: `${stdout}${stderr}`, status }).toEqual({ said: '', status: 0 });
});

test('only the stage prod keeps its data when its stack is deleted', async () => {
  const policies = async (stage: string) => {
    await cli.serverless(stage, 'package');
    const { Resources } = z
      .object({
        Resources: z.record(
          z.string(),
          z.object({ Type: z.string(), DeletionPolicy: z.string().optional() }),
        ),
      })
      .parse(JSON.parse(readFileSync(join(checkout, TEMPLATE_FILE), 'utf8')));
    const data = Object.values(Resources).filter(({ Type }) => /::(Queue|Table)$/.test(Type));
    return data.map(({ DeletionPolicy }) => DeletionPolicy);
  };
  expect(await policies('prod')).toEqual(Array(9).fill('RetainExceptOnCreate'));
  expect(await policies('dev')).toEqual(Array(9).fill(undefined));
});

test('each function has the memory of its parameter', async () => {
  await cli.serverless('dev', 'package', '--param', 'memoryMb=768', '--param', 'redriveMemoryMb=2048');
  const { Resources } = z
    .object({ Resources: z.record(z.string(), z.object({ Properties: z.looseObject({}).optional() })) })
    .parse(JSON.parse(readFileSync(join(checkout, TEMPLATE_FILE), 'utf8')));
  const memory = Object.entries(Resources).flatMap(([id, { Properties }]) =>
    Properties?.MemorySize === undefined ? [] : [[id.replace('LambdaFunction', ''), Properties.MemorySize]],
  );
  expect(Object.fromEntries(memory)).toEqual({
    Route: 768,
    Deliver: 768,
    Bridge: 768,
    Resume: 768,
    Redrive: 2048,
  });
});

test("parameters that can't be combined are refused in one sentence before anything is deployed", async () => {
  const refused = cli.serverless('dev', 'package', '--param', 'largestReadTimeoutMs=55000');
  await expect(refused).rejects.toThrow('must leave deliverTimeoutSeconds (60) 10 s to spare');
});
