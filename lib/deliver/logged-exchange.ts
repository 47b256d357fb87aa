// The headers and bodies of an attempt for its log line, if the subscription's `logging` asks for them: without credentials,
// cut, and only as many bytes a minute as the deployment allows a tenant.
import type { Exchange } from '#lib/callback/client.ts';
import type { LoggedPart, Logging } from '#lib/subscription/logging-schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';
import { answerText } from './answer-text.ts';
import { type Carried, createRedaction, isCredentialName, REDACTED, type SearchSteps } from './redact.ts';

/** The request that was sent, and the answer to it. */
export type Exchanged = {
  readonly headers: Carried['headers'];
  readonly body: Buffer;
  /** Undefined: nothing was sent. */
  readonly exchange: Exchange | undefined;
  /** What the search for credentials in the answer's excerpt has left. Undefined: all. */
  readonly steps?: SearchSteps;
};

export type LoggedExchange = {
  readonly [part in LoggedPart]?: string;
} & {
  /** The tenant has used up its bytes of this minute. */
  readonly bodiesLeftOut?: true;
};

export type LoggingBudget = {
  /** Whether the tenant may have any more bytes logged in this minute. */
  isOpen(tenant: string): boolean;
  /**
   * Takes this number of bytes from the tenant's budget of this minute. Returns false if fewer are left. The budget is used up
   * then: the tenant's next attempts take no time to find out.
   */
  take(tenant: string, bytes: number): boolean;
};

const MINUTE_MS = 60_000;

/** Makes the logging budget of one execution environment. The environment may log so many bytes for each tenant in a minute. */
export function createLoggingBudget({
  loggedBytesPerMinute,
  now,
}: {
  readonly loggedBytesPerMinute: number;
  readonly now: () => number;
}): LoggingBudget {
  let minute = 0;
  const used = new Map<string, number>();

  function usedBy(tenant: string): number {
    const present = Math.floor(now() / MINUTE_MS);
    if (present !== minute) used.clear();
    minute = present;
    return used.get(tenant) ?? 0;
  }

  return {
    isOpen: (tenant) => usedBy(tenant) < loggedBytesPerMinute,
    take(tenant, bytes) {
      const sum = usedBy(tenant) + bytes;
      used.set(tenant, sum);
      return sum <= loggedBytesPerMinute;
    },
  };
}

/** Bytes of the headers of a request or an answer. */
const HEADER_BYTES = 4_096;
/** As for dead letters: more is only looked at where most of the beginning is credentials. */
const LOOKED_AT = 8;

/** Returns the fields of the log line; an empty object when nothing is to be logged. */
export function loggedExchange(
  subscription: Subscription,
  { headers, body, exchange, steps }: Exchanged,
  isDelivered: boolean,
  { loggingBudget }: { readonly loggingBudget: LoggingBudget },
): LoggedExchange {
  const { logging, callbackUrl: url } = subscription;
  if (logging === undefined || (isDelivered && logging.bodies === 'failures')) return {};
  const tenant = tenantOf(subscription);
  if (!loggingBudget.isOpen(tenant)) return { bodiesLeftOut: true };
  // The publisher's headers may carry credentials too.
  const secret = Object.entries(headers).filter(([name]) => isCredentialName(name));
  const configured = [...subscription.headers, ...secret.map(([name, value]) => ({ name, value }))];
  const redact = createRedaction({ url, headers, configured }, steps);
  const logged: Record<string, string> = {};
  for (const part of logging.parts) {
    const text = textOf(part, { headers, body, exchange }, redact, logging);
    if (text !== undefined && text !== '') logged[part] = text;
  }
  const bytes = Object.values(logged).reduce((sum, text) => sum + bytesInJson(text), 0);
  return loggingBudget.take(tenant, bytes) ? logged : { bodiesLeftOut: true };
}

type Redact = (text: string) => string;

function textOf(
  part: LoggedPart,
  { headers, body, exchange }: Exchanged,
  redact: Redact,
  { excerptBytes }: Logging,
): string | undefined {
  const answer = exchange?.kind === 'answered' ? exchange : undefined;
  switch (part) {
    case 'requestHeaders':
      return headerText(headers, redact);
    case 'requestBody':
      return excerpt(body, headers['content-type'], redact, excerptBytes);
    case 'answerHeaders':
      return answer && headerText(answer.headers, redact);
    case 'answerBody':
      return answer && excerpt(answer.body, answer.headers['content-type'], redact, excerptBytes);
    default:
      return part satisfies never;
  }
}

/** All lines are searched together: an answer may have thousands of headers. */
function headerText(headers: Readonly<Record<string, string | undefined>>, redact: Redact): string {
  const lines = Object.entries(headers).map(
    ([name, value = '']) => `${name}: ${isCredentialName(name) ? REDACTED : value}`,
  );
  const beginning = lines.join('\n').slice(0, LOOKED_AT * HEADER_BYTES);
  return cutTo(redact(beginning), HEADER_BYTES);
}

function excerpt(body: Buffer, contentType: string | undefined, redact: Redact, mostBytes: number): string {
  const beginning = body.subarray(0, LOOKED_AT * mostBytes);
  const text = readable(beginning, contentType, redact);
  return text.includes('\0') ? `[${body.length} bytes that are no text]` : cutTo(text, mostBytes);
}

/** In another charset, credentials of a body that is UTF-8 after all would be disguised and not removed. */
function readable(body: Buffer, contentType: string | undefined, redact: Redact): string {
  const asUtf8 = body.toString('utf8');
  const redacted = redact(asUtf8);
  if (redacted !== asUtf8) return redacted;
  const text = answerText(body, contentType);
  return text === asUtf8 ? redacted : redact(text);
}

/** Without the quotes. JSON writes some characters in six bytes. */
const bytesInJson = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

/** Redact first, then cut: half a credential would not be recognised. */
function cutTo(text: string, mostBytes: number): string {
  let cut = text.slice(0, mostBytes);
  for (let bytes = bytesInJson(cut); bytes > mostBytes; bytes = bytesInJson(cut)) {
    cut = cut.slice(0, Math.floor((cut.length * mostBytes) / bytes));
  }
  // A pair of code units that the cut has divided.
  return cut.toWellFormed();
}
