// Secrets Manager on this machine, so that nothing here needs AWS: JSON 1.1, kept in memory, no signatures checked.
// It opens no port: the shared AWS endpoint passes it the requests for Secrets Manager.
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { AwsError, sendJson } from '#lib/local/aws/aws-json.ts';
import { type CallLog, createCallLog } from '#lib/local/aws/call-log.ts';
import { createFaults, type FaultKind, type Faults } from '#lib/local/aws/faults.ts';
import { catalogue } from './catalogue.ts';
import type { SecretsOperation } from './request.ts';
import { values } from './values.ts';
import { createVault } from './vault.ts';

const operations = new Map<string, SecretsOperation>(Object.entries({ ...catalogue, ...values }));
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
    const target = String(req.headers['x-amz-target'] ?? '');
    const call: SecretsCall = {
      at: clock.now(),
      operation: target.slice(target.indexOf('.') + 1),
      secret: undefined,
      error: undefined,
      fault: undefined,
    };
    calls.add(call);
    const outcome = perform(call, body);
    if (call.fault === 'lost-answer') {
      res.destroy();
      return;
    }
    sendJson(res, '1.1', outcome);
  }

  function perform(call: SecretsCall, body: Buffer): { status: number; body: object } {
    try {
      const request = parse(body);
      const about = aboutSecret.safeParse(request).data;
      call.secret = about?.SecretId ?? about?.Name;
      call.fault = faults.take(call.operation, call.secret)?.kind;
      failAsOrdered(call.fault);
      const run = operations.get(call.operation);
      if (run === undefined) throw unknownOperation(call.operation);
      return { status: 200, body: run(request, vault) };
    } catch (error) {
      const known =
        error instanceof AwsError
          ? error
          : new AwsError('InternalServiceError', `A bug of ours: ${error}`, { status: 500, cause: error });
      call.error = known.code;
      return { status: known.status, body: { __type: known.code, Message: known.message } };
    }
  }

  return { answer, faults, calls };
}

function failAsOrdered(fault: FaultKind | undefined): void {
  if (fault === 'throttle') throw new AwsError('ThrottlingException', 'Rate exceeded, as ordered.');
  if (fault === 'error') throw new AwsError('InternalServiceError', 'Failed, as ordered.', { status: 500 });
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
