// Reads the answer of a token endpoint (RFC 6749, 5.1 and 5.2). Only what we use is looked at: a server may add members, and
// some of them write null for what they leave out.

import type { Exchange } from '#lib/callback/client.ts';
import { failureMessage } from '#lib/callback/failure.ts';
import { isObject, type JsonObject, withoutMark } from '#lib/item/json.ts';
import type { TokenAnswer, TokenCode } from './token.ts';

/** Errors of RFC 6749, 5.2. No other text of an answer is repeated. */
const OAUTH_ERRORS: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
]);
/** Too slow, too early or too many requests: nothing is said about the client. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 425, 429]);
/** What can stand behind `Bearer` in a header. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Returns the token, or a failure as a sentence. `origin`: of the token endpoint. Never throws. */
export function tokenAnswerOf(exchange: Exchange, origin: string): TokenAnswer {
  const failure = (code: TokenCode, what: string): TokenAnswer => ({
    ok: false,
    code,
    message: `no token from ${origin}: ${what}`,
  });
  if (exchange.kind !== 'answered') return failure('token-unreachable', exchange.message);
  const { status, body, incomplete } = exchange;
  if (status >= 500 || NOT_NOW.has(status)) return failure('token-failed', `it answered ${status}`);
  const answer = jsonObjectOf(body);
  const named = OAUTH_ERRORS.has(answer?.error) ? ` ${answer?.error}` : '';
  const token = answer?.access_token;
  // Some servers answer 200 with an error.
  if (status >= 300 || (named !== '' && typeof token !== 'string')) {
    return failure('token-refused', `it answered ${status}${named}`);
  }
  if (answer === undefined && incomplete !== undefined) {
    return failure('token-unreachable', failureMessage(incomplete, {}));
  }
  if (typeof token !== 'string' || !TOKEN.test(token)) {
    return failure('token-malformed', 'its answer is not JSON with access_token (RFC 6749, 5.1)');
  }
  if (!isBearer(answer?.token_type)) {
    return failure('token-malformed', 'its token_type is not Bearer, and no other kind of token can be sent');
  }
  return { ok: true, accessToken: token, expiresInSeconds: secondsOf(answer?.expires_in) };
}

function jsonObjectOf(body: Buffer): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(withoutMark(body.toString('utf8')));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined; // it is no JSON: the caller says so
  }
}

/** Without a type it is a bearer token: no server of another kind leaves it out. */
const isBearer = (type: unknown): boolean =>
  type === undefined || type === null || (typeof type === 'string' && /^bearer$/i.test(type.trim()));

/** Seconds, also as text. Undefined where they are not told or make no sense, such as -1. */
function secondsOf(life: unknown): number | undefined {
  const seconds =
    typeof life === 'number' ? life : typeof life === 'string' && /^\d{1,15}$/.test(life) ? Number(life) : -1;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}
