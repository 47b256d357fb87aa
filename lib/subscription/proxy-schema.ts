// `proxy`, in Gravitee's words.
import * as z from 'zod';
import { field, text, titled, wholeNumber } from '#lib/item/field.ts';
import { secretReference } from '#lib/item/secret-reference.ts';

// SOCKS has one byte for the length of each.
const MOST_BYTES = 255;
const fits = (value: string): boolean => Buffer.byteLength(value) <= MOST_BYTES;
const TOO_LONG = `must have at most ${MOST_BYTES} bytes`;

/** The schema of a proxy's user name. */
export const proxyUsername = () =>
  text(MOST_BYTES)
    .regex(/^[^:\p{Cc}]+$/u, 'must be without colon and control characters')
    .refine(fits, TOO_LONG);
/** The schema of a proxy's password. */
export const proxyPassword = () =>
  text(MOST_BYTES)
    .regex(/^\P{Cc}+$/u, 'must be without control characters')
    .refine(fits, TOO_LONG);

const proxyObject = () =>
  z.strictObject({
    enabled: titled(z.boolean().default(false), 'Enabled', 'Whether requests go through a proxy.'),
    useSystemProxy: titled(
      z.boolean().default(false),
      'System proxy',
      'Refused: functions take no proxy from their environment.',
    ),
    type: titled(z.enum(['HTTP', 'SOCKS4', 'SOCKS5']).default('HTTP'), 'Type', 'What the proxy speaks.'),
    host: titled(
      text(253)
        .regex(/^[A-Za-z0-9._:[\]-]+$/, 'must be a host name or an address')
        .optional(),
      'Host',
      "The proxy's host.",
    ),
    port: titled(wholeNumber(1, 65_535).optional(), 'Port', "The proxy's port."),
    username: titled(proxyUsername().optional(), 'User name', 'For a proxy that asks for one.'),
    password: titled(proxyPassword().optional(), 'Password', 'For a proxy that asks for one.'),
    secret: secretReference('username and password').optional(),
  });

export type ProxyOptions = z.output<ReturnType<typeof proxyObject>>;

// An own proxy needs an address, and its credentials come from one place.
const complete: z.core.CheckFn<ProxyOptions> = ({ value, issues }) => {
  const fault = (key: keyof ProxyOptions, message: string) =>
    issues.push({ code: 'custom', input: value, path: [key], message });
  if (value.enabled && value.useSystemProxy) {
    fault(
      'useSystemProxy',
      'names no proxy here, functions take none from their environment: give host and port',
    );
  } else if (value.enabled) {
    if (value.host === undefined) fault('host', "is missing: give the proxy's host");
    if (value.port === undefined) fault('port', "is missing: give the proxy's port");
  }
  if (value.password !== undefined && value.username === undefined && value.secret === undefined) {
    fault('username', 'is missing: give the one that the password is of');
  }
  if (value.type === 'SOCKS4' && value.password !== undefined) {
    fault('password', 'is nothing that SOCKS4 knows: make type SOCKS5, or leave it out');
  }
  if (value.secret !== undefined && (value.username !== undefined || value.password !== undefined)) {
    fault('secret', 'is given beside username or password: keep one of the two');
  }
};

export const proxy = field(() =>
  titled(proxyObject().check(complete), 'Proxy', 'A proxy between us and the callback.', {
    default: { enabled: false },
  }),
);
