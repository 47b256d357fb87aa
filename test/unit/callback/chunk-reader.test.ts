// A chunked body: what is not body counts towards the limit, and is left out of what undici reads.
import { describe, expect, it } from 'vitest';
import { createChunkReader } from '#lib/callback/chunk-reader.ts';

function read(text: string, left = 1_000) {
  const out: Buffer[] = [];
  const end = createChunkReader(left).take(Buffer.from(text, 'latin1'), out);
  return { out: Buffer.concat(out).toString('latin1'), end };
}

describe('a chunked body', () => {
  it('is written anew without extensions, padding, needless zeros and trailers', () => {
    const { out, end } = read('  0002;a="b"\r\nok\r\nA \n0123456789\n00 ; c\r\nx: y\r\nz: 0\r\n\r\nrest');
    expect(out).toBe('2\r\nok\r\na\r\n0123456789\r\n0\r\n\r\n');
    expect(end).toEqual({ rest: Buffer.from('rest') });
  });

  it.each([
    ['no size', '\r\nok\r\n'],
    ['a size that is no number', '2x\r\nok\r\n'],
    ['a sign', '-2\r\nok\r\n'],
    ['a space within the size', '1 0\r\n'],
    ['no line end after the data', '2\r\nokay'],
  ])('can not have %s', (_, text) => {
    expect(read(text).end).toEqual({ fault: 'ERR_CALLBACK_MALFORMED' });
  });

  it.each([
    ['an extension', '2;', 'a'],
    ['zeros', '', '0'],
    ['spaces', '2', ' '],
    ['line ends after the data', '2\r\nok', '\r'],
    ['trailers', '0\r\n', 'x: y\r\n'],
  ])('may have as many bytes of %s as are left, and not one more', (_, start, more) => {
    const dataBytes = start.includes('ok') ? 2 : 0;
    const text = start + more.repeat(200);
    const bytes = text.length - dataBytes;
    expect(read(text, bytes).end).toBeUndefined();
    expect(read(text, bytes - 1).end).toEqual({ fault: 'ERR_CALLBACK_FRAMING_TOO_LARGE' });
  });

  it('counts no byte of the data', () => {
    const { out, end } = read(`8000\r\n${'x'.repeat(32_768)}\r\n0\r\n\r\n`, 13);
    expect(out.length).toBe(32_768 + 13);
    expect(end).toEqual({ rest: Buffer.alloc(0) });
  });
});
