// What is deployed, read by AWS's own linter of CloudFormation templates: errors and warnings are failures.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
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
  'memoryMb=768',
  'redriveMemoryMb=2048',
].flatMap((parameter) => ['--param', parameter]);

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      DeletionPolicy: z.string().optional(),
      Properties: z.looseObject({}).optional(),
    }),
  ),
});
type Template = z.infer<typeof templateSchema>;

const folder = mkdtempSync(join(tmpdir(), 'template-'));
const fileOf = (name: string) => join(folder, `${name}.json`);
const templates: Record<string, Template> = {};
beforeAll(async () => {
  for (const [name, stage, options] of [
    ['dev', 'dev', []],
    ['prod', 'prod', []],
    ['prod-with-all-options', 'prod', ALL_OPTIONS],
  ] as const) {
    await cli.serverless(stage, 'package', ...options);
    copyFileSync(join(checkout, TEMPLATE_FILE), fileOf(name));
    templates[name] = templateSchema.parse(JSON.parse(readFileSync(fileOf(name), 'utf8')));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const resourcesOf = (name: string) => templates[name]?.Resources ?? {};

test('the templates of dev, of prod, and of a stage with all options are valid', () => {
  const files = Object.keys(templates).flatMap((name) => ['--template', fileOf(name)]);
  expect(files).toHaveLength(2 * 3);
  const { stdout, stderr, status } = spawnSync(
    pythonTool('cfn-lint'),
    ['--ignore-checks', ...NOT_OURS, ...files],
    { encoding: 'utf8' },
  );
  expect({ said: `${stdout}${stderr}`, status }).toEqual({ said: '', status: 0 });
});

test('only the stage prod keeps its data when its stack is deleted', () => {
  const policies = (name: string) =>
    Object.values(resourcesOf(name))
      .filter(({ Type }) => /::(Queue|Table)$/.test(Type))
      .map(({ DeletionPolicy }) => DeletionPolicy);
  expect(policies('prod')).toEqual(Array(9).fill('RetainExceptOnCreate'));
  expect(policies('dev')).toEqual(Array(9).fill(undefined));
});

test('each function has the memory of its parameter', () => {
  const memory = Object.entries(resourcesOf('prod-with-all-options')).flatMap(([id, { Properties }]) =>
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
