import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseServiceFile } from '#lib/build/service-file.ts';
import { givenWith } from '#test/support/parameters.ts';

const variable = (name: string): string => `$\u007b${name}}`;
const file = readFileSync('serverless.yml', 'utf8');

test('our own file is read: names, numbers, tags and conditions', () => {
  const { functions, resources, provider } = parseServiceFile(file, {
    stage: 'eu',
    given: givenWith({ routeTimeoutSeconds: '33', sqsEndpointArns: 'arn:a,arn:b' }),
  });
  expect(functions.route).toMatchObject({ timeout: 33, role: 'RouteRole' });
  expect(provider.memorySize).toBe(512);
  expect(resources.Resources.MessagesQueue?.Properties.QueueName).toBe('webhooks-eu-messages');
  expect(resources.Conditions.HasSqsEndpoints).toEqual({
    'Fn::Not': [{ 'Fn::Equals': ['arn:a,arn:b', ''] }],
  });
  const text = JSON.stringify(resources);
  expect(text).toContain('{"Fn::Split":[",","arn:a,arn:b"]}');
  expect(text).toContain('{"Fn::GetAtt":["RouteRole","Arn"]}');
  expect(text).not.toMatch(/\$\{(param|sls|self):/);
  // CloudFormation's own variables stay.
  expect(text).toContain(variable('AWS::Region'));
});

test('a list of digits in a text stays a text, and a variable that is unknown is an error', () => {
  const part = (value: string) =>
    `provider: {}\nfunctions: {}\nresources: {Resources: {A: {Type: T, Properties: {V: ${value}}}}}`;
  const filled = (value: string, given = {}) =>
    parseServiceFile(part(value), { stage: 'dev', given }).resources.Resources.A?.Properties.V;
  expect(filled(`'${variable('param:n')}'`, { n: '12' })).toBe(12);
  expect(filled(`'a-${variable('param:n')}'`, { n: '12' })).toBe('a-12');
  expect(filled("'12'")).toBe('12');
  expect(() => filled(`'${variable('param:other')}'`, { n: '1' })).toThrow('param:other');
  expect(() => filled(`'${variable('self:other')}'`)).toThrow('self:other');
});
