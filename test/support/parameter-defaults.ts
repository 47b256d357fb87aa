// The default of each deployment parameter.
import { parameterList } from '#lib/deployment/parameters.ts';

/** Each parameter's default, by name. */
export const parameterDefaults = (): Map<string, string | number> =>
  new Map(parameterList().map(({ name, default: value }) => [name, value]));
