// One call to a JSON service of AWS, without the layers of the SDK: signed, retried and timed as the SDK does it, by its own
// rules of retry, and with its exceptions. It takes a third of the CPU of a call of the SDK.
import { hash } from 'node:crypto';
import { ServiceException } from '@smithy/core/client';
import { isThrottlingError, isTransientError, StandardRetryStrategy } from '@smithy/core/retry';
import type {
  AwsCredentialIdentity,
  AwsCredentialIdentityProvider,
  HttpRequest,
  HttpResponse,
  Provider,
  SdkError,
} from '@smithy/types';
import type { AwsRequestHandler } from './request-handler.ts';
import { createSigner } from './signer.ts';

export type SignedCallOptions = {
  /** The service's name in signatures. */
  readonly service: string;
  readonly credentials: AwsCredentialIdentityProvider;
  readonly region: Provider<string>;
  readonly requestHandler: AwsRequestHandler;
  readonly maxAttempts: number;
  /** The longest wait before the first retry, unless throttled, in milliseconds; 50 unless given. */
  readonly firstWaitMs?: number;
  /** The modeled exceptions that callers tell apart by their class; all others are a ServiceException with their name. */
  readonly exceptions?: Readonly<Record<string, (fields: ExceptionFields) => ServiceException>>;
  /** Epoch milliseconds; the machine's clock unless given. */
  readonly now?: () => number;
};

export type ExceptionFields = {
  readonly message: string;
  readonly $metadata: ServiceException['$metadata'];
};

export type AwsOperation = {
  /** The value of x-amz-target. */
  readonly target: string;
  /** The JSON of the request. */
  readonly body: string;
  readonly endpoint: (identity: AwsCredentialIdentity) => Promise<URL> | URL;
  readonly abortSignal?: AbortSignal | undefined;
};

/** Calls the operation and returns the answer's body. Throws a ServiceException, or what the request handler throws. */
export type SignedCall = (operation: AwsOperation) => Promise<Buffer>;

/** Milliseconds. If the clocks differ by this or more, the clock counts as the reason of a refusal. AWS allows five minutes. */
const SKEW_MS = 4 * 60_000;

/** Makes the call of one service. */
export function createSignedCall(options: SignedCallOptions): SignedCall {
  const { service, credentials, region, requestHandler, exceptions = {}, now = Date.now } = options;
  const signer = createSigner(service, { credentials, region });
  const { maxAttempts, firstWaitMs } = options;
  const baseDelay = firstWaitMs === undefined ? {} : { baseDelay: firstWaitMs };
  const retries = new StandardRetryStrategy({ maxAttempts, ...baseDelay });
  // Milliseconds by which AWS's clock is ahead of this machine's.
  let skewMs = 0;

  async function once({ target, body, endpoint, abortSignal }: AwsOperation): Promise<Buffer> {
    const sentWithSkew = skewMs;
    const url = await endpoint(await credentials());
    const request: HttpRequest = {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port !== '' && { port: Number(url.port) }),
      path: url.pathname,
      query: {},
      headers: {
        host: url.host,
        'content-type': 'application/x-amz-json-1.0',
        'user-agent': 'sqs-webhooks',
        'x-amz-target': target,
        'x-amz-content-sha256': hash('sha256', body),
      },
      body,
    };
    const signed = await signer.sign(request, { signingDate: new Date(now() + skewMs) });
    const { response } = await requestHandler.handle(signed, { abortSignal });
    if (response.statusCode < 300) return response.body;
    const corrected = correctSkew(response, sentWithSkew);
    throw exceptionOf(response, corrected);
  }

  /** Corrects `skewMs` if this machine's clock is so wrong that AWS refuses signatures. Returns whether a retry helps. */
  function correctSkew({ headers }: HttpResponse, sentWithSkew: number): boolean {
    const serverAt = Date.parse(headers.date ?? '');
    if (Number.isNaN(serverAt)) return false;
    if (Math.abs(serverAt - (now() + skewMs)) >= SKEW_MS) skewMs = serverAt - now();
    // Another call may have corrected `skewMs` since this request was signed.
    return skewMs !== sentWithSkew;
  }

  function exceptionOf(response: HttpResponse, clockSkewCorrected: boolean): ServiceException {
    const { statusCode, headers } = response;
    const { name, message } = errorIn(response);
    const $metadata = {
      httpStatusCode: statusCode,
      ...(headers['x-amzn-requestid'] !== undefined && { requestId: headers['x-amzn-requestid'] }),
      // The SDK's retry strategy reads this field, although no type of the SDK declares it.
      ...(clockSkewCorrected && { clockSkewCorrected }),
    };
    const made = exceptions[name]?.({ message, $metadata });
    return (
      made ??
      new ServiceException({ name, message, $metadata, $fault: statusCode < 500 ? 'client' : 'server' })
    );
  }

  return async (operation) => {
    let token = await retries.acquireInitialRetryToken('');
    for (;;) {
      try {
        const answer = await once(operation);
        retries.recordSuccess(token);
        return answer;
      } catch (thrown) {
        if (!isSdkError(thrown)) throw thrown;
        // This call waits before the retry. It throws when no retry is left, or when a retry would not help.
        const next = await retries
          .refreshRetryTokenForRetry(token, { error: thrown, errorType: retryTypeOf(thrown) })
          .catch(() => undefined);
        if (next === undefined || operation.abortSignal?.aborted) throw thrown;
        token = next;
      }
    }
  };
}

/** The error's name and message, in any of the forms that AWS's JSON services write it. */
function errorIn({ body, headers }: HttpResponse): { readonly name: string; readonly message: string } {
  let fields: Readonly<Record<string, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(String(body));
    if (typeof parsed === 'object' && parsed !== null) fields = { ...parsed };
  } catch {
    // A proxy or load balancer answers in HTML: the status says enough.
  }
  const code = [headers['x-amzn-errortype'], fields.__type, fields.code].find(
    (one) => typeof one === 'string',
  );
  const message = [fields.message, fields.Message].find((one) => typeof one === 'string');
  // com.amazonaws.sqs#QueueDoesNotExist, or ThrottlingException:http://…
  const name = String(code ?? 'UnknownError')
    .replace(/:.*$/, '')
    .replace(/^.*#/, '');
  return { name, message: String(message ?? name) };
}

function retryTypeOf(error: SdkError): 'THROTTLING' | 'TRANSIENT' | 'CLIENT_ERROR' {
  if (isThrottlingError(error)) return 'THROTTLING';
  return isTransientError(error) ? 'TRANSIENT' : 'CLIENT_ERROR';
}

/** Whether the SDK's retry strategy can classify this error. Other errors are bugs, and are thrown without a retry. */
const isSdkError = (thrown: unknown): thrown is SdkError =>
  thrown instanceof Error && (thrown.cause === undefined || thrown.cause instanceof Error);
