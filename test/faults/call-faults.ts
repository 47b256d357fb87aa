// Carries out a fault of a call to AWS.
import { setTimeout as pass } from 'node:timers/promises';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import { type AwsCall, doneUnheard } from './aws-call.ts';
import { partly } from './partly.ts';
import { signal } from './pid.ts';
import type { CallFault } from './plan.ts';
import { receivedTwice, refuseReceipts, undeleted } from './receipts.ts';

// Longer than the functions wait for an answer: they take the call for failed, although it was done.
const LATE_MS = 3_300;
const SLOW_MS = 700;

/** `caller`: the process of the function that made the call. Resolves with whether the call met the fault. */
export async function carryOut(
  kind: CallFault['kind'],
  call: AwsCall,
  caller: number | undefined,
): Promise<boolean> {
  const { req, res, body, service } = call;
  switch (kind) {
    case 'error':
      throw new AwsError(errorOf(call), 'A fault of the run.', { status: 500 });
    case 'throttle':
      throw new AwsError(throttleOf(call), 'A fault of the run.');
    case 'lost-answer':
      await doneUnheard(call);
      res.destroy();
      return true;
    case 'late-answer': {
      await doneUnheard(call);
      const timer = setTimeout(() => res.destroy(), LATE_MS);
      res.once('close', () => clearTimeout(timer));
      return true;
    }
    case 'slow':
      await pass(SLOW_MS);
      await service.answer(req, res, body);
      return true;
    case 'twice':
      await doneUnheard(call);
      await service.answer(req, res, body);
      return true;
    case 'received-twice':
      return receivedTwice(call);
    case 'undeleted':
      undeleted(call);
      return true;
    case 'partly':
      return partly(call);
    case 'partly-refused':
      return partly(call, true);
    case 'expired-receipt':
      refuseReceipts(call);
      return true;
    case 'kill-before': {
      const isKilled = kill(caller);
      res.destroy();
      return isKilled;
    }
    case 'kill-after': {
      await doneUnheard(call);
      const isKilled = kill(caller);
      res.destroy();
      return isKilled;
    }
    default:
      return kind satisfies never;
  }
}

/** Returns whether there was a process to kill. */
const kill = (caller: number | undefined): boolean => caller !== undefined && signal(caller, 'SIGKILL');

const isSqs = ({ req }: AwsCall) => String(req.headers['x-amz-target']).startsWith('AmazonSQS');
const isSecrets = ({ req }: AwsCall) => String(req.headers['x-amz-target']).startsWith('secretsmanager');

function errorOf(call: AwsCall): string {
  if (isSqs(call)) return 'com.amazonaws.sqs#InternalError';
  return isSecrets(call) ? 'InternalServiceError' : 'com.amazonaws.dynamodb.v20120810#InternalServerError';
}

function throttleOf(call: AwsCall): string {
  if (isSqs(call)) return 'com.amazonaws.sqs#RequestThrottled';
  if (isSecrets(call)) return 'ThrottlingException';
  return 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
}
