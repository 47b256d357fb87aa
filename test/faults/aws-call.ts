// A call to AWS that meets a fault, and ways to do it, or another call in its place, behind its caller's back.
import { type IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import type { Service } from '#lib/local/aws/endpoint.ts';

export type AwsCall = {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly body: Buffer;
  readonly service: Service;
  readonly operation: string;
};

export type Aside = { readonly status: number; readonly body: Buffer };

/** Does the call, and keeps the answer from its caller: its status says whether the service refused it. Throws when the emulator fails. */
export async function doneAside({ req, body, service }: Omit<AwsCall, 'res' | 'operation'>): Promise<Aside> {
  const aside = new ServerResponse(req);
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  aside.write = (chunk: unknown) => {
    keep(chunk);
    return true;
  };
  aside.end = (chunk?: unknown) => {
    keep(chunk);
    aside.emit('finish');
    aside.emit('close');
    return aside;
  };
  await service.answer(req, aside, body);
  return { status: aside.statusCode, body: Buffer.concat(chunks) };
}

/** Does a call whose caller gets no answer to it, a refusal neither. */
export async function doneUnheard(call: AwsCall): Promise<void> {
  await doneAside(call).catch((error: unknown) => {
    if (!(error instanceof AwsError)) throw error;
  });
}

/** Does another operation of the same service. */
export async function doneInstead(
  { req, service }: AwsCall,
  operation: string,
  input: object,
): Promise<void> {
  const [prefix] = String(req.headers['x-amz-target']).split('.');
  const headers = { ...req.headers, 'x-amz-target': `${prefix}.${operation}` };
  const other: IncomingMessage = Object.create(req, { headers: { value: headers } });
  await doneAside({ req: other, body: Buffer.from(JSON.stringify(input)), service });
}
