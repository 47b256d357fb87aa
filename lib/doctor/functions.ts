// The functions of the stage: that they exist, and their configurations. function-settings.ts compares them with the template.
import { type FunctionConfiguration, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { FUNCTION_NAMES, type FunctionName } from '#lib/deployment/parameter.ts';
import type { DoctorClients } from './clients.ts';
import { inTurn } from './in-turn.ts';
import type { Sight } from './unseen.ts';

export type SeenFunctions = ReadonlyMap<FunctionName, FunctionConfiguration>;

/** Reads the configurations of the stage's functions. Finds those that do not exist. */
export async function readFunctions(
  stackName: string,
  sight: Sight,
  { lambda }: Pick<DoctorClients, 'lambda'>,
): Promise<SeenFunctions> {
  const seen = await inTurn(FUNCTION_NAMES, 5, async (name) => {
    const FunctionName = `${stackName}-${name}`;
    const found = await sight.look(`the function ${FunctionName}`, 'lambda:GetFunctionConfiguration', () =>
      readFunction(FunctionName, lambda),
    );
    if (found !== null) return found === undefined ? [] : [[name, found] as const];
    sight.find({
      severity: 'error',
      where: FunctionName,
      what: 'The function does not exist.',
      fix: 'Remove the stack and deploy the stage again; with keepData its queues and tables stay.',
    });
    return [];
  });
  return new Map(seen.flat());
}

async function readFunction(
  FunctionName: string,
  lambda: DoctorClients['lambda'],
): Promise<FunctionConfiguration | null> {
  try {
    return await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  } catch (error) {
    // The local set answers other operations with a 404 of another name. It does not mean that the function is missing, so it
    // is thrown.
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return null;
    throw error;
  }
}

/** The environment variables of each function. */
export const environmentsOf = (
  functions: SeenFunctions,
): ReadonlyMap<FunctionName, Readonly<Record<string, string>>> =>
  new Map([...functions].map(([name, { Environment }]) => [name, Environment?.Variables ?? {}]));
