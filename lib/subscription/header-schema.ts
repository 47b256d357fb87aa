// The subscription's own headers. An invalid header in an item is a fault, unlike one in a message, which is dropped.
import * as z from 'zod';
import { field, text, titled } from '#lib/item/field.ts';
import { isHeaderName, isReservedHeader } from '#lib/message/header.ts';

const VALUE = /^([\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/** The schema of a header's name: text that HTTP allows there. */
export const headerName = () =>
  text(256).refine(isHeaderName, "must be a header name: letters, digits and !#$%&'*+-.^_`|~ only");

const header = () =>
  titled(
    z.strictObject({
      name: titled(
        headerName().refine(
          (name) => !isReservedHeader(name.toLowerCase()),
          'can not be set here: remove it',
        ),
        'Name',
        'The name, in any case. Headers of the connection (host, content-length, transfer-encoding, …) and names that start with webhook- are refused.',
      ),
      value: titled(
        z
          .string()
          .max(8_192)
          .regex(
            VALUE,
            'must be a header value: no line breaks, no control characters, no space at either end',
          ),
        'Value',
        'The value: visible characters, with spaces and tabs between them.',
      ),
    }),
    'Header',
    'One header of every request.',
  );

type Header = { readonly name: string };

// A request has each name once: of two, the last would silently win.
const onlyOnce: z.core.CheckFn<Header[]> = ({ value, issues }) => {
  const first = new Map<string, number>();
  value.forEach(({ name }, index) => {
    const before = first.get(name.toLowerCase());
    if (before === undefined) first.set(name.toLowerCase(), index);
    else {
      const message = `is the name of header ${before} too: join the values there, separated by a comma`;
      issues.push({ code: 'custom', input: value, path: [index, 'name'], message });
    }
  });
};

export const headers = field(() =>
  titled(
    z.array(header()).max(100).check(onlyOnce),
    'Headers',
    "Sent with every request; they win over a message's own headers. A name may be given once.",
    { default: [] },
  ),
);
