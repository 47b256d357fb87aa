// Parses what has arrived of a request: its head, and as much of its body as is there.
export type ParsedRequest = {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** The bytes behind the request; undefined while its body is not complete. */
  readonly rest: Buffer<ArrayBuffer> | undefined;
};

/** Parses the head of a request and as much of its body as is there; undefined before the end of the head. */
export function parseRequest(bytes: Buffer): ParsedRequest | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const lines = bytes.toString('latin1', 0, end).split('\r\n').slice(1);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const from = end + 4;
  const to = from + Number(headers.get('content-length') ?? 0);
  const isWhole = bytes.length >= to;
  return {
    headers,
    body: Buffer.from(bytes.subarray(from, to)),
    rest: isWhole ? Buffer.from(bytes.subarray(to)) : undefined,
  };
}
