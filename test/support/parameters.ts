// The parameters of a stage in a test: the defaults, and the values that the test sets.
import { type ParameterValues, parameterList, parametersSchema } from '#lib/deployment/parameters.ts';

/** Each parameter in the form in which serverless passes it to the plugin for the stage `dev`. */
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
