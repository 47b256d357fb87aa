// The readers of an answer's head and of chunks: the result does not depend on how the bytes were cut into pieces, and
// what undici is to read is written in one plain form.
import { describe, expect, it } from 'vitest';
import { createChunkReader } from '#lib/callback/chunk-reader.ts';
import { ANSWER, createHeadReader, MOST_OVERHEAD_BYTES } from '#lib/callback/head-reader.ts';
import { ANSWER_ROWS } from '#test/support/answer-rows.ts';

/** All of an answer in pieces of so many bytes: what undici would read, and the fault. */
function readInPieces(bytes: string, size: number) {
  const heads = createHeadReader();
  const out: Buffer[] = [];
  let chunks: ReturnType<typeof createChunkReader> | undefined;
  for (let at = 0; at < bytes.length; at += size) {
    let piece = Buffer.from(bytes.slice(at, at + size), 'latin1');
    if (chunks === undefined) {
      const read = heads.take(piece);
      if (read.kind === 'more') continue;
      if (read.kind === 'fault') return { fault: read.fault };
      out.push(Buffer.from(read.head.text));
      if (read.head.framing.kind !== 'chunked') return { head: read.head };
      chunks = createChunkReader(read.overheadLeft);
      piece = Buffer.from(read.rest);
    }
    const read = chunks.take(piece, out);
    if (read !== undefined) return { out: bodyOf(out), fault: 'fault' in read ? read.fault : undefined };
  }
  return { out: bodyOf(out) };
}

const bodyOf = (out: readonly Buffer[]) => Buffer.concat(out).toString('latin1');

const whole = ANSWER_ROWS.filter(({ after, bytes }) => typeof after === 'string' && bytes.length < 4_096);

describe('an answer in pieces', () => {
  it.each(whole)('$name', ({ bytes }) => {
    const atOnce = readInPieces(bytes, bytes.length);
    for (const size of [1, 2, 3, 7]) expect(readInPieces(bytes, size)).toEqual(atOnce);
  });
});

describe('a head', () => {
  const read = (text: string) => {
    const result = createHeadReader().take(Buffer.from(text, 'latin1'));
    return result.kind === 'head' ? result.head : result;
  };

  it.each([
    ['header lines', 'x:\r\n'],
    ['lines without a colon', '(\n'],
    ['folded lines', ' a\r\n'],
  ])('has at most a thousand %s: a status line that was read decides', (_, line) => {
    const start = 'HTTP/1.1 200 OK\r\n';
    // The status line and the empty line at the end are two of them.
    expect(read(`${start}${line.repeat(998)}\r\n`)).toMatchObject({ status: 200 });
    const head = createHeadReader().take(Buffer.from(`${start}${line.repeat(999)}\r\n`, 'latin1'));
    expect(head).toMatchObject({ kind: 'head', head: { status: 200 }, fault: ANSWER.headers });
  });

  it('counts the lines of interim answers, and empty lines before the answer', () => {
    const hints = `HTTP/1.1 103 Early Hints\r\n${'link: </a>\r\n'.repeat(600)}\r\n`;
    expect(read(`${hints}HTTP/1.1 200 OK\r\n\r\n`)).toMatchObject({ status: 200 });
    expect(read(`${hints}${hints}`)).toEqual({ kind: 'fault', fault: ANSWER.headers });
    expect(read('\r\n'.repeat(1_001))).toEqual({ kind: 'fault', fault: ANSWER.headers });
  });

  it('is written anew: folded lines by spaces, odd lines left out, one framing', () => {
    expect(
      read('HTTP/1.1 200 OK\nx-a: one\r\n  two\n\tthree\nnonsense\nx b: c\nContent-Length: 5, 5\n\n'),
    ).toMatchObject({
      status: 200,
      framing: { kind: 'length', bytes: 5 },
      text: 'HTTP/1.1 200 \r\nx-a: one two three\r\ncontent-length: 5\r\nconnection: close\r\n\r\n',
    });
  });

  it.each([
    '0200',
    '1000',
    '20',
    '099',
    '000',
    '+200',
    '200.0',
    '2 00',
    '200OK',
    '20O',
    '0xC8',
    '\u00b2\u00b00',
  ])('with the status %s, which is not three digits, is none', (status) => {
    expect(read(`HTTP/1.1 ${status} OK\r\n\r\n`)).toEqual({
      kind: 'fault',
      fault: 'ERR_CALLBACK_MALFORMED',
    });
  });

  it.each([
    ['+5', 'unreadable'],
    ['-1', 'unreadable'],
    ['5, 6', 'unreadable'],
    ['0x5', 'unreadable'],
    ['', 'unreadable'],
    ['99999999999999999999', 'length'],
  ])('with the length %j is %s', (length, kind) => {
    expect(read(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`)).toMatchObject({ framing: { kind } });
  });

  it.each([
    ['gzip, chunked', 'chunked'],
    ['Chunked', 'chunked'],
    ['chunked, gzip', 'until-close'],
    ['gzip', 'until-close'],
    ['identity', 'length'],
  ])('with the transfer coding %j is %s', (coding, kind) => {
    const text = `HTTP/1.1 200 OK\r\ntransfer-encoding: ${coding}\r\ncontent-length: 2\r\n\r\n`;
    expect(read(text)).toMatchObject({ framing: { kind } });
  });

  it('may follow ten interim answers, and not eleven', () => {
    const hints = (count: number) =>
      `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(count)}HTTP/1.1 200 OK\r\n\r\n`;
    expect(read(hints(10))).toMatchObject({ status: 200 });
    expect(read(hints(11))).toEqual({ kind: 'fault', fault: 'ERR_CALLBACK_TOO_MANY_INTERIM_ANSWERS' });
  });

  it('may have exactly 64 KiB with its interim answers, and not a byte more', () => {
    const [start, end] = ['HTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 OK\r\nx-a: ', '\r\n\r\n'];
    const value = 'v'.repeat(MOST_OVERHEAD_BYTES - start.length - end.length);
    expect(read(`${start}${value}${end}`)).toMatchObject({ status: 200 });
    const result = createHeadReader().take(Buffer.from(`${start}${value}v${end}`));
    expect(result).toMatchObject({ kind: 'head', fault: 'ERR_CALLBACK_HEADERS_TOO_LARGE' });
  });
});
