// Secrets Manager on this machine, so that nothing here needs AWS: JSON 1.1, kept in memory, no signatures checked.
// It opens no port: the shared AWS endpoint passes it the requests for Secrets Manager.
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import { type CallLog, createCallLog } from '#lib/local/aws/call-log.ts';
import { createFaults, type FaultKind, type Faults } from '#lib/local/aws/faults.ts';
import { answerCall, type ErrorForm, failAsOrdered, operationIn } from '#lib/local/aws/service-call.ts';
import { catalogue } from './catalogue.ts';
import type { SecretsOperation } from './request.ts';
import { values } from './values.ts';
import { createVault } from './vault.ts';

const operations = new Map<string, SecretsOperation>(Object.entries({ ...catalogue, ...values }));
const ERRORS: ErrorForm = { serverError: 'InternalServiceError', messageField: 'Message' };
const aboutSecret = z.object({ SecretId: z.string().optional(), Name: z.string().optional() });

/** One call: operation, the secret's name in the request, and the error or the injected fault. Never a value. */
export type SecretsCall = {
  at: number;
  operation: string;
  secret: string | undefined;
  error: string | undefined;
  fault: FaultKind | undefined;
};

/** Gives the time in milliseconds. */
type Clock = { now(): number };

export type SecretsServer = {
  answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void>;
  faults: Faults;
  calls: CallLog<SecretsCall>;
};

/** Makes an empty Secrets Manager. `faults` are looked up by operation and the secret as the caller names it. */
export function createSecretsServer(
  options: { clock?: Clock; region?: string; accountId?: string } = {},
): SecretsServer {
  const clock = options.clock ?? { now: Date.now };
  const vault = createVault({
    clock,
    region: options.region ?? 'us-east-1',
    account: options.accountId ?? '000000000000',
  });
  const faults = createFaults();
  const calls = createCallLog<SecretsCall>();

  async function answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    const call: SecretsCall = {
      at: clock.now(),
      operation: operationIn(req),
      secret: undefined,
      error: undefined,
      fault: undefined,
    };
    calls.add(call);
    answerCall(res, call, ERRORS, () => perform(call, body));
  }

  function perform(call: SecretsCall, body: Buffer): object {
    const request = parse(body);
    const about = aboutSecret.safeParse(request).data;
    call.secret = about?.SecretId ?? about?.Name;
    call.fault = faults.take(call.operation, call.secret)?.kind;
    failAsOrdered(call.fault, ERRORS);
    const run = operations.get(call.operation);
    if (run === undefined) throw unknownOperation(call.operation);
    return run(request, vault);
  }

  return { answer, faults, calls };
}

function parse(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString());
  } catch (cause) {
    throw new AwsError('SerializationException', 'The body is no JSON.', { cause });
  }
}

function unknownOperation(operation: string) {
  return new AwsError(
    'UnknownOperationException',
    `The local set does not serve ${operation}. Its Secrets Manager has ${[...operations.keys()].join(', ')}.`,
  );
}
