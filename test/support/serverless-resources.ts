// The resources of serverless.yml, with CloudFormation's short tags in their long form.
import { readFileSync } from 'node:fs';
import { isSeq, parse } from 'yaml';
import * as z from 'zod';
import { type Parts, partsSchema } from '#lib/build/options.ts';

const tag = (name: string, resolveAs: (value: string) => unknown) => ({
  tag: `!${name}`,
  resolve: resolveAs,
});

/** The resources, where each parameter has the value that is given, or `webhooks-dev`. */
export function serverlessResources(parameters: Readonly<Record<string, string>> = {}): Parts['resources'] {
  const text = readFileSync('serverless.yml', 'utf8')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: serverless fills it in.
    .replaceAll('${self:custom.name}', 'webhooks-dev')
    .replaceAll(/\$\{param:(\w+)\}/g, (_, name: string) => parameters[name] ?? 'webhooks-dev');
  const service = parse(text, {
    logLevel: 'silent',
    customTags: [
      tag('GetAtt', (value) => ({ 'Fn::GetAtt': value.split('.') })),
      tag('Sub', (value) => ({ 'Fn::Sub': value })),
      tag('Ref', (value) => ({ Ref: value })),
      {
        tag: '!Split',
        collection: 'seq',
        resolve: (value) => ({ 'Fn::Split': isSeq(value) ? value.toJSON() : value }),
      },
    ],
  });
  return z.object({ resources: z.object({ Resources: partsSchema.shape.resources }) }).parse(service)
    .resources.Resources;
}
