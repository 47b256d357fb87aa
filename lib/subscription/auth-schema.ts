// `auth`: the credentials of a secured callback, in Gravitee's words, in the item or in a secret that it names.
import * as z from 'zod';
import { exactlyOneOf, field, oneOf, text, titled } from '#lib/item/field.ts';
import { httpUrl } from '#lib/item/http-url.ts';
import { secretReference } from '#lib/item/secret-reference.ts';
import { jwtProfile } from './jwt-profile-schema.ts';

const none = () => titled(z.strictObject({ type: type('none') }), 'None', 'Requests carry no credentials.');

const basicCredentials = () =>
  z.strictObject({
    username: titled(
      text(1_024).regex(/^[^:\p{Cc}]+$/u, 'must be without colon and control characters'),
      'User name',
      'Without a colon.',
    ),
    password: titled(
      z
        .string()
        .max(1_024)
        .regex(/^\P{Cc}*$/u, 'must be without control characters'),
      'Password',
      'May be empty.',
    ),
  });

const tokenCredentials = () =>
  z.strictObject({
    value: titled(
      text(16_384).regex(
        /^[\x21-\x7e]+$/,
        'must be visible ASCII characters without spaces, and no "Bearer"',
      ),
      'Token',
      'Sent as Authorization: Bearer <value>.',
    ),
  });

const oauth2Credentials = () =>
  z.strictObject({
    endpoint: httpUrl('Token endpoint', 'The URL that gives out tokens.'),
    clientId: titled(text(1_024), 'Client id', 'As the authorization server knows this client.'),
    clientSecret: titled(text(4_096), 'Client secret', "The client's secret."),
    scopes: titled(
      z.array(text(256).regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one scope, without spaces')).max(100),
      'Scopes',
      'The scopes to ask for.',
      { default: [] },
    ).optional(),
    clientAuthentication: titled(
      z.enum(['client_secret_post', 'client_secret_basic']).optional(),
      'Client authentication',
      'How the client shows who it is: in the form, or in the Authorization header.',
      { default: 'client_secret_post' },
    ),
  });

const type = <T extends string>(value: T) =>
  titled(z.literal(value), 'Type', 'How requests are authenticated.');

const basic = () =>
  titled(
    z
      .strictObject({
        type: type('basic'),
        basic: titled(basicCredentials().optional(), 'User name and password', 'Or give secret.'),
        secret: secretReference('username and password').optional(),
      })
      .check(exactlyOneOf('basic', 'secret')),
    'Basic',
    'Requests carry a user name and a password.',
    oneOf('basic', 'secret'),
  );

const token = () =>
  titled(
    z
      .strictObject({
        type: type('token'),
        token: titled(tokenCredentials().optional(), 'Token', 'Or give secret.'),
        secret: secretReference('value').optional(),
      })
      .check(exactlyOneOf('token', 'secret')),
    'Token',
    'Requests carry a fixed bearer token, such as a JWT.',
    oneOf('token', 'secret'),
  );

const oauth2 = () =>
  titled(
    z
      .strictObject({
        type: type('oauth2'),
        oauth2: titled(oauth2Credentials().optional(), 'Client credentials', 'Or give secret.'),
        secret: secretReference('endpoint, clientId, clientSecret and scopes').optional(),
      })
      .check(exactlyOneOf('oauth2', 'secret')),
    'OAuth2',
    'Requests carry a bearer token that client credentials were exchanged for.',
    oneOf('oauth2', 'secret'),
  );

const jwtProfileOauth2 = () =>
  titled(
    z
      .strictObject({
        type: type('jwtProfileOauth2'),
        jwtProfileOauth2: titled(jwtProfile().optional(), 'JWT profile', 'Or give secret.'),
        secret: secretReference('what jwtProfileOauth2 would hold').optional(),
      })
      .check(exactlyOneOf('jwtProfileOauth2', 'secret')),
    'OAuth2 by JWT profile',
    'Requests carry a bearer token that a signed assertion was exchanged for (RFC 7523).',
    oneOf('jwtProfileOauth2', 'secret'),
  );

export const auth = field(() =>
  titled(
    z.discriminatedUnion('type', [none(), basic(), token(), oauth2(), jwtProfileOauth2()]),
    'Authentication',
    'How requests are authenticated: with credentials written here, or better with those of a secret.',
    { default: { type: 'none' } },
  ),
);

export type Auth = z.output<ReturnType<typeof auth>>;

/** Schemas of the credentials in a secret, by kind: the JSON that the item would hold. A token may also be plain text. */
export const CREDENTIALS = {
  basic: field(() => basicCredentials().transform((given) => ({ type: 'basic' as const, ...given }))),
  token: field(() =>
    z
      .preprocess((given) => (typeof given === 'string' ? { value: given } : given), tokenCredentials())
      .transform((given) => ({ type: 'token' as const, ...given })),
  ),
  oauth2: field(() => oauth2Credentials().transform((given) => ({ type: 'oauth2' as const, ...given }))),
  jwtProfileOauth2: field(() =>
    jwtProfile().transform((given) => ({ type: 'jwtProfileOauth2' as const, ...given })),
  ),
};
export type AuthKind = keyof typeof CREDENTIALS;
export type Credentials = z.output<ReturnType<(typeof CREDENTIALS)[AuthKind]>>;
export type OAuth2Credentials = Extract<Credentials, { type: 'oauth2' }>;
export type JwtProfileCredentials = Extract<Credentials, { type: 'jwtProfileOauth2' }>;

/** The credentials in the item itself; undefined when it names a secret. */
export function inlineCredentials(auth: Exclude<Auth, { type: 'none' }>): Credentials | undefined {
  switch (auth.type) {
    case 'basic':
      return auth.basic && { type: 'basic', ...auth.basic };
    case 'token':
      return auth.token && { type: 'token', ...auth.token };
    case 'oauth2':
      return auth.oauth2 && { type: 'oauth2', ...auth.oauth2 };
    case 'jwtProfileOauth2':
      return auth.jwtProfileOauth2 && { type: 'jwtProfileOauth2', ...auth.jwtProfileOauth2 };
    default:
      return auth satisfies never;
  }
}
