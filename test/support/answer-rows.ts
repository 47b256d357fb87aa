// Answers of receivers, byte for byte, and what the guarded client makes of each. RECEIVERS.md has the same table, and
// test/conformance/http-clients.ts asks other clients about the same bytes.

/**
 * What the server does after it has sent `bytes`. `stays`: it keeps the connection open. `pours`: it sends this text again
 * and again, without end.
 */
export type After = 'stays' | 'closes' | { readonly pours: string };

export type AnswerRow = {
  readonly name: string;
  readonly bytes: string;
  readonly after: After;
  /** The HTTP status from which the outcome follows, or the error code if the answer has no valid status. */
  readonly result: number | string;
  /** Why the end of the body is missing. Undefined: the body is complete, or there is no status. */
  readonly incomplete?: string;
  /** Whether the connection is used for the next request. */
  readonly kept?: boolean;
};

const LENGTH_2 = 'content-length: 2\r\n\r\nok';
const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
const OK = `HTTP/1.1 200 OK\r\n${LENGTH_2}`;
const headersOf = (kib: number) =>
  Array.from({ length: kib }, (_, n) => `x-${n}: ${'v'.repeat(1_024 - 10)}\r\n`).join('');

type Rest = Partial<AnswerRow>;
const row = (name: string, bytes: string, rest: Rest = {}): AnswerRow => ({
  name,
  bytes,
  after: 'stays',
  result: 200,
  ...rest,
});
const cut = (name: string, bytes: string, incomplete: string, after: After = 'stays'): AnswerRow =>
  row(name, bytes, { incomplete, after });
const none = (name: string, bytes: string, result: string, after: After = 'stays'): AnswerRow =>
  row(name, bytes, { result, after });

const LEGAL = [
  row('200 with a length', OK, { kept: true }),
  row('204 without a length', 'HTTP/1.1 204 No Content\r\n\r\n', { result: 204, kept: true }),
  row('Body without a length, then a close', 'HTTP/1.1 200 OK\r\n\r\nok', { after: 'closes' }),
  row(
    'Chunked, with an extension and a trailer',
    `HTTP/1.1 200 OK\r\n${CHUNKED}2;a=b\r\nok\r\n0\r\nx: y\r\n\r\n`,
    {
      kept: true,
    },
  ),
  row('HTTP/1.0 with a length', `HTTP/1.0 200 OK\r\n${LENGTH_2}`),
  row('HTTP/1.0 without a length, then a close', 'HTTP/1.0 200 OK\r\n\r\nok', { after: 'closes' }),
  row('No reason phrase', `HTTP/1.1 200 \r\n${LENGTH_2}`, { kept: true }),
  row('100 that nobody asked for, then 200', `HTTP/1.1 100 Continue\r\n\r\n${OK}`, { kept: true }),
  row('Ten 103, then 200', HINTS.repeat(10) + OK, { kept: true }),
  row('Empty lines before the status line', `\r\n\r\n${OK}`, { kept: true }),
  row('A folded header line', `HTTP/1.1 200 OK\r\nx-a: one\r\n two\r\n${LENGTH_2}`),
  row('Headers of 60 KiB', `HTTP/1.1 200 OK\r\n${headersOf(60)}${LENGTH_2}`, { kept: true }),
];

const ODD = [
  row('No space after the status', `HTTP/1.1 200\r\n${LENGTH_2}`, { kept: true }),
  row('Two spaces before the status', `HTTP/1.1  200 OK\r\n${LENGTH_2}`, { kept: true }),
  row('A carriage return in the reason phrase', `HTTP/1.1 200 O\rK\r\n${LENGTH_2}`, { kept: true }),
  row('HTTP/2.0 in the status line', `HTTP/2.0 200 OK\r\n${LENGTH_2}`),
  row('Bare line feeds', 'HTTP/1.1 200 OK\ncontent-length: 2\n\nok', { kept: true }),
  row('Two equal lengths', `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${LENGTH_2}`),
  cut('Two different lengths', `HTTP/1.1 200 OK\r\ncontent-length: 3\r\n${LENGTH_2}`, 'malformed-answer'),
  cut('A length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nok', 'malformed-answer'),
  row('A length and chunked', `HTTP/1.1 200 OK\r\ncontent-length: 9\r\n${CHUNKED}2\r\nok\r\n0\r\n\r\n`),
  row(
    'Chunked in a list with empty elements',
    `HTTP/1.1 200 OK\r\ntransfer-encoding: ,chunked,\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  row('HTTP/1.0 and chunked', `HTTP/1.0 200 OK\r\n${CHUNKED}2\r\nok\r\n0\r\n\r\n`),
  row('Chunk sizes padded with spaces', `HTTP/1.1 200 OK\r\n${CHUNKED}2  \r\nok\r\n0 \r\n\r\n`, {
    kept: true,
  }),
  row('Chunk sizes padded with zeros', `HTTP/1.1 200 OK\r\n${CHUNKED}0002\r\nok\r\n00\r\n\r\n`, {
    kept: true,
  }),
  cut('A chunk size that is no number', `HTTP/1.1 200 OK\r\n${CHUNKED}zz\r\nok\r\n`, 'malformed-answer'),
  cut('No line end after a chunk', `HTTP/1.1 200 OK\r\n${CHUNKED}2\r\nokay\r\n`, 'malformed-answer'),
  row('A space before the colon', `HTTP/1.1 200 OK\r\nx-a : one\r\n${LENGTH_2}`),
  row('A header line without a colon', `HTTP/1.1 200 OK\r\nnonsense\r\n${LENGTH_2}`),
  row('A control character in a header', `HTTP/1.1 200 OK\r\nx-a: o\x01e\r\n${LENGTH_2}`, { kept: true }),
  row('204 with a body', `HTTP/1.1 204 No Content\r\n${LENGTH_2}`, { result: 204 }),
  row('More bytes after the body', `${OK}and more`),
  row('A 103 after the 200', OK + HINTS),
  row('A second 200', OK + OK),
];

const CUT = [
  cut(
    'A close within a body with a length',
    'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok',
    'closed',
    'closes',
  ),
  cut('A close within a chunked body', `HTTP/1.1 200 OK\r\n${CHUNKED}9\r\nok`, 'closed', 'closes'),
  cut('A body that stops until the deadline', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok', 'timeout'),
  cut('Headers that stop until the deadline', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n', 'timeout'),
  cut('A close within the headers', 'HTTP/1.1 200 OK\r\ncontent-le', 'closed', 'closes'),
  cut('Headers without end after a 200', 'HTTP/1.1 200 OK\r\n', 'headers-too-large', {
    pours: 'x-a: one\r\n',
  }),
  cut('A chunk extension without end', `HTTP/1.1 200 OK\r\n${CHUNKED}2;`, 'framing-too-large', {
    pours: 'a',
  }),
  cut('Zeros of a chunk size without end', `HTTP/1.1 200 OK\r\n${CHUNKED}`, 'framing-too-large', {
    pours: '0',
  }),
  cut('Trailers without end', `HTTP/1.1 200 OK\r\n${CHUNKED}0\r\n`, 'framing-too-large', {
    pours: 'x: y\r\n',
  }),
  cut('Chunks of one byte without end', `HTTP/1.1 200 OK\r\n${CHUNKED}`, 'framing-too-large', {
    pours: '1\r\na\r\n',
  }),
];

const NONE = [
  none('A 100 without an answer', 'HTTP/1.1 100 Continue\r\n\r\n', 'closed', 'closes'),
  none('Eleven 103, then 200', HINTS.repeat(11) + OK, 'too-many-interim-answers'),
  none('103 without end', '', 'too-many-interim-answers', { pours: HINTS }),
  none('A reason phrase without end', 'HTTP/1.1 200 ', 'headers-too-large', { pours: 'a' }),
  none('Empty lines without end', '', 'headers-too-large', { pours: '\r\n' }),
  none('A close within the status line', 'HTTP/1.1 20', 'closed', 'closes'),
  none('101 Switching Protocols', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n', 'malformed-answer'),
  none('The greeting of a mail server', '220 smtp.example.com ESMTP\r\n', 'malformed-answer'),
  none('A status of two digits', `HTTP/1.1 20 OK\r\n${LENGTH_2}`, 'malformed-answer'),
];

/** Every row, the legal answers first. */
export const ANSWER_ROWS: readonly AnswerRow[] = [...LEGAL, ...ODD, ...CUT, ...NONE];
