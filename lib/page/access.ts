// Decides who may use the page's server: a browser or program on this machine that knows the token in the page's address.
// Any web page can send requests to 127.0.0.1, so the sender is checked before the token.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { refusalOfSender } from '#lib/local/aws/same-machine.ts';

/** Makes a token that cannot be guessed: 32 random bytes. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** Whether the `authorization` header holds the token. The comparison takes the same time for every wrong token. */
export function hasToken({ authorization = '' }: IncomingHttpHeaders, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`));
}

/**
 * Why a request is refused, as a sentence; undefined if it may be answered. A link in another web page may open the
 * document: it contains no data, and without the token it gets none.
 */
export function refusalOfRequest(headers: IncomingHttpHeaders): string | undefined {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': dest, 'sec-fetch-site': _, ...others } = headers;
  return refusalOfSender(mode === 'navigate' && dest === 'document' ? others : headers);
}

/**
 * The headers of every answer. They allow the page to load from and call only its own server, and forbid scripts to make
 * markup of texts.
 */
export const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;
