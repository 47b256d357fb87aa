// A check that AWS does not answer ends with a sentence, not with the command: a missing right, an emulator without the
// operation, a throttled call.
import type { CheckName, Finding, Report } from './finding.ts';

export type Sight = {
  /** Adds a finding. */
  find(finding: Omit<Finding, 'check'>): void;
  /** Says that something was not looked at, and why. */
  skip(what: string, why: string): void;
  /**
   * Runs one look. When AWS refuses it, `what` counts as not looked at, and the result is undefined. `needs` is the IAM
   * action. Throws for credentials that AWS does not know, and for errors that are not of AWS.
   */
  look<T>(what: string, needs: string, look: () => Promise<T>): Promise<T | undefined>;
};

/** Returns the writer of a check. */
export type SightOf = (check: CheckName) => Sight;

/** Makes the writer of one check. `emulated`: an emulated AWS may lack operations. */
export function createSight(check: CheckName, report: Report, emulated: boolean): Sight {
  const skip = (what: string, why: string) => void report.notLookedAt.push({ check, what, why });
  return {
    find: (finding) => void report.findings.push({ check, ...finding }),
    skip,
    async look(what, needs, look) {
      try {
        const seen = await look();
        report.looks += 1;
        return seen;
      } catch (error) {
        if (error instanceof Error && NO_CREDENTIALS.test(error.name)) throw error;
        const why = whyUnseen(error, needs, emulated);
        if (why === undefined) throw error;
        skip(what, why);
        return undefined;
      }
    },
  };
}

/** No check can be made with these credentials. The caller explains it. */
const NO_CREDENTIALS =
  /^(ExpiredToken|RequestExpired|TokenRefreshRequired|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|InvalidAccessKeyId|CredentialsProviderError|TokenProviderError)/;
const DENIED =
  /^(AccessDenied|AccessDeniedException|AuthorizationError|NotAuthorized|UnauthorizedOperation)$/;
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|ProvisionedThroughputExceeded/;
const NO_ANSWER = /^(TimeoutError|ECONNRESET|ETIMEDOUT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EPIPE)$/;
const NO_OPERATION =
  /^(UnknownOperation|UnknownOperationException|InvalidAction|NotImplemented|UnsupportedOperation)/;

/** Why AWS did not answer, as a sentence; undefined for an error that is not of AWS. */
export function whyUnseen(error: unknown, needs: string, emulated: boolean): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (DENIED.test(error.name)) return `these credentials lack the right ${needs}`;
  if (THROTTLED.test(error.name)) return `AWS throttles ${needs}; run the doctor again`;
  if (NO_ANSWER.test(code)) return `${needs} got no answer (${code})`;
  if (emulated && (NO_OPERATION.test(error.name) || isUnreadable(error)))
    return 'this emulated AWS does not answer it';
  return '$metadata' in error ? `AWS refused ${needs} (${error.name}: ${error.message})` : undefined;
}

/** An emulator may answer an operation that it lacks with a page, which the SDK can't parse. */
const isUnreadable = (error: Error): boolean =>
  '$response' in error || ('$metadata' in error && /^(Unknown|UnknownError|SyntaxError)$/.test(error.name));
