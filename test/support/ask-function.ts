// Invokes a function of a deployed stage and waits for its answer, as `serverless invoke` does.
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/** The function's answer. Throws when the function failed. */
export async function askFunction(
  { lambda, stage }: { readonly lambda: Pick<LambdaClient, 'send'>; readonly stage: string },
  functionName: string,
  request: unknown,
) {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({
      FunctionName: `webhooks-${stage}-${functionName}`,
      Payload: JSON.stringify(request),
    }),
  );
  const text = Payload?.transformToString() ?? '';
  if (FunctionError !== undefined) throw new Error(`${functionName}: ${FunctionError} ${text}`);
  return JSON.parse(text);
}
