// DynamoDB on this machine: dynalite in memory, in this process. Tables exist at once, and items are lost at the end.
// dynalite has no transactions, streams, PartiQL, backups or TTL, and no ReturnValuesOnConditionCheckFailure.
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import dynalite from 'dynalite';
import { AwsError } from './aws-json.ts';
import { startEndpoint } from './endpoint.ts';
import { rememberParsed } from './parsed-expressions.ts';

export type DynamoDb = {
  /** URL of its own port. */
  url: string;
  /** Answers a request that another server received, and whose body has been read. */
  answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void>;
  /** Ends its connections; its tables are forgotten with it. */
  close(): Promise<void>;
};

/** Starts a DynamoDB without tables on a port of 127.0.0.1; any free port unless one is given. */
export async function startDynamoDb(options: { port?: number } = {}): Promise<DynamoDb> {
  rememberParsed();
  // Its server never listens and is never closed: closing it would close the tables under running requests, which then
  // throw where nothing can catch the error. Memory needs no closing.
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });

  async function answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    const ended = new Promise((resolve) => res.once('close', resolve));
    // dynalite reads the body from the request's events, so it gets a request that emits them again.
    const { method, url, headers } = req;
    const replay = Object.assign(new EventEmitter(), { method, url, headers });
    try {
      server.emit('request', replay, res);
      if (body.length > 0) replay.emit('data', body);
      replay.emit('end');
    } catch (cause) {
      throw new AwsError('InternalServerError', `dynalite failed: ${cause}`, { status: 500, cause });
    }
    await ended;
  }

  const endpoint = await startEndpoint({ port: options.port ?? 0, services: { dynamodb: { answer } } });
  return { url: endpoint.url, answer, close: endpoint.close };
}
