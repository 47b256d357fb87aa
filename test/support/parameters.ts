// The parameters of a stage as a test needs them: the defaults, and what it gives beside them.
import { type ParameterValues, parameterList, parametersSchema } from '#lib/deployment/parameters.ts';

/** Each parameter as serverless would give it to the plugin for the stage `dev`. */
export const givenWith = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...Object.fromEntries(
    parameterList().map(({ name, default: value }) => [
      name,
      typeof value === 'string' ? value.replace('<stage>', 'dev') : value,
    ]),
  ),
  ...more,
});

export const parametersWith = (more: Record<string, unknown> = {}): ParameterValues =>
  parametersSchema().parse(givenWith(more));
