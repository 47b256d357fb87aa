// The parameters of a deployment with the defaults that serverless.yml gives them.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';

const deployment = z.object({
  params: z.object({ default: z.record(z.string(), z.union([z.string(), z.number()])) }),
});

/** By name. Defaults of all stages; what is made of the stage's name holds the `${…}` of serverless.yml. */
export const parameterDefaults = (): ReadonlyMap<string, string | number> =>
  new Map(
    Object.entries(
      deployment.parse(parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' })).params.default,
    ),
  );
