// The parameters of a deployment with their defaults.
import { parameterList } from '#lib/deployment/parameters.ts';

/** Each parameter's default, by its name. */
export const parameterDefaults = (): Map<string, string | number> =>
  new Map(parameterList().map(({ name, default: value }) => [name, value]));
