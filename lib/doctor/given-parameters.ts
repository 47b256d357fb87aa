// Finds the parameters of a deployed stage: in the stack's template, or for an older stage in the environment of its
// functions. A parameter that is in neither counts as its default.

import { faultIn, misfit } from '#lib/build/capacity-check.ts';
import type { Packaged } from '#lib/build/packaged.ts';
import { FUNCTION_NAMES, type FunctionName } from '#lib/deployment/parameter.ts';
import {
  type ParameterValues,
  parameterList,
  parametersFor,
  parametersSchema,
} from '#lib/deployment/parameters.ts';
import type { Sight } from './unseen.ts';

export type GivenParameters = Readonly<Record<string, string | number | boolean>>;
/** The environment of each function that could be read. */
export type Environments = ReadonlyMap<FunctionName, Readonly<Record<string, string>>>;

type Sources = {
  readonly stage: string;
  readonly packaged: Packaged | undefined;
  readonly environments: Environments;
  /** Parameters from the command line: they override the others. */
  readonly asked: GivenParameters;
};

/** Each parameter as it was given when the stage was deployed, as far as that can be known. */
export function givenParameters({ stage, packaged, environments, asked }: Sources): GivenParameters {
  const known = packaged?.parameters ?? fromEnvironments(environments);
  const own = new Set<string>(parameterList().map(({ name }) => name));
  return {
    ...defaultsOf(stage),
    // This version ignores a parameter that it no longer has.
    ...Object.fromEntries(Object.entries(known).filter(([name]) => own.has(name))),
    ...asked,
  };
}

function fromEnvironments(environments: Environments): GivenParameters {
  return Object.fromEntries(
    [...environments].flatMap(([functionName, environment]) =>
      parametersFor(functionName).flatMap(({ name, variable }) => {
        const value = environment[variable];
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
  );
}

/** Reads the given parameters. One that is wrong by itself, which lookAtParameters finds, counts as its default. */
export function readParameters(given: GivenParameters, stage: string): ParameterValues {
  const parsed = parametersSchema().safeParse(given);
  if (parsed.success) return parsed.data;
  const wrong = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
  const others = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name)));
  return parametersSchema().parse({ ...defaultsOf(stage), ...others });
}

const defaultsOf = (stage: string): GivenParameters =>
  Object.fromEntries(
    parameterList().map(({ name, default: value, stages = {} }) => {
      const chosen = stages[stage] ?? value;
      return [name, typeof chosen === 'string' ? chosen.replace('<stage>', stage) : chosen];
    }),
  );

/**
 * Finds parameters that do not fit together: as they were given, and as the functions have them now. Each parameter can be
 * right for its function while two of them contradict each other.
 */
export function lookAtParameters(
  { given, environments }: { readonly given: GivenParameters; readonly environments: Environments },
  sight: Sight,
): void {
  const wrong = new Set<string>();
  const judge = (parameters: GivenParameters, where: string) => {
    const parsed = parametersSchema().safeParse(parameters);
    const fault = parsed.success ? misfit(parsed.data) : faultIn(parsed.error, parameters);
    if (fault === undefined || wrong.has(fault)) return;
    wrong.add(fault);
    sight.find({
      severity: 'error',
      where,
      what: `The parameters do not fit together: ${fault}`,
      fix: 'Deploy the stage with parameters that fit. A deployment also sets back what was changed by hand.',
    });
  };
  judge(given, 'the parameters of the stage');
  for (const functionName of FUNCTION_NAMES) {
    const environment = environments.get(functionName);
    if (environment === undefined) continue;
    const own = fromEnvironments(new Map([[functionName, environment]]));
    judge({ ...given, ...own }, `the environment of ${functionName}`);
  }
}
