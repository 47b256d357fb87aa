// `logging`: which headers and bodies the log line of an attempt has. An item has one of two forms.
// Gravitee's properties (`enabled`, `request`, `response`) choose the parts, for all attempts. Our property `bodies` chooses the
// attempts by their outcome.
import * as z from 'zod';
import { field, titled, wholeNumber } from '#lib/item/field.ts';

const DEFAULT_EXCERPT_BYTES = 1_024;
const LARGEST_EXCERPT_BYTES = 4_096;

/** The parts of the request and the answer that the log line of an attempt contains, besides its outcome. */
export type Logging = {
  /** Whether the bodies of all attempts are logged, or only those of failed attempts. */
  readonly bodies: 'failures' | 'all';
  /** Bytes of each body that are kept. */
  readonly excerptBytes: number;
  readonly parts: readonly LoggedPart[];
};
export type LoggedPart = 'requestHeaders' | 'requestBody' | 'answerHeaders' | 'answerBody';

const part = (title: string, description: string) =>
  titled(
    z.strictObject({
      headers: titled(z.boolean().default(false), 'Headers', 'Whether headers are logged.'),
      payload: titled(z.boolean().default(false), 'Payload', 'Whether the start of bodies is logged.'),
    }),
    title,
    description,
  );

const GRAVITEES = ['enabled', 'request', 'response'] as const;

type Given = { readonly [name in 'bodies' | 'excerptBytes' | (typeof GRAVITEES)[number]]?: unknown };

const oneForm: z.core.CheckFn<Given> = ({ value, issues }) => {
  const theirs = GRAVITEES.find((name) => value[name] !== undefined);
  const fault = (path: keyof Given, message: string) =>
    issues.push({ code: 'custom', input: value, path: [path], message });
  if (value.bodies !== undefined && theirs !== undefined)
    fault(theirs, 'is given beside bodies: keep bodies, or enabled with request and response');
  if (value.bodies === undefined && theirs === undefined && value.excerptBytes !== undefined)
    fault('bodies', 'is missing: none, failures or all');
};

export const logging = field(() =>
  titled(
    z
      .strictObject({
        bodies: titled(
          z.enum(['none', 'failures', 'all']).optional(),
          'Bodies',
          'The attempts whose log line has the headers of the request, and the start of the bodies of request and answer: none, failures (all but delivered) or all. Credentials are removed.',
        ),
        excerptBytes: titled(
          wholeNumber(1, LARGEST_EXCERPT_BYTES).optional(),
          'Excerpt (bytes)',
          'How much of each body is logged, in bytes.',
          { default: DEFAULT_EXCERPT_BYTES },
        ),
        enabled: titled(
          z.boolean().optional(),
          'Enabled',
          "Gravitee's form: whether request and response are logged, of all attempts.",
        ),
        request: part('Request', 'What of requests is logged.').optional(),
        response: part('Response', 'What of answers is logged.').optional(),
      })
      .check(oneForm)
      .transform(({ bodies, excerptBytes = DEFAULT_EXCERPT_BYTES, enabled, request, response }) => {
        if (bodies === 'failures' || bodies === 'all') {
          const parts: readonly LoggedPart[] = ['requestHeaders', 'requestBody', 'answerBody'];
          return { bodies, excerptBytes, parts };
        }
        const parts = enabled === true ? partsOf(request, response) : [];
        return parts.length === 0 ? undefined : ({ bodies: 'all', excerptBytes, parts } as const);
      }),
    'Logging',
    'Headers and bodies in the log line of each attempt. Without it they are never logged.',
    { default: { bodies: 'none' } },
  ),
);

type Flags = { readonly headers: boolean; readonly payload: boolean } | undefined;

function partsOf(request: Flags, response: Flags): readonly LoggedPart[] {
  const chosen: readonly (readonly [LoggedPart, boolean | undefined])[] = [
    ['requestHeaders', request?.headers],
    ['requestBody', request?.payload],
    ['answerHeaders', response?.headers],
    ['answerBody', response?.payload],
  ];
  return chosen.flatMap(([name, isChosen]) => (isChosen === true ? [name] : []));
}
