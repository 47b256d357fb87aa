// DynamoDB on this machine: dynalite in memory, in this process. Tables are there at once, items are gone at the end.
// dynalite has no transactions, streams, PartiQL, backups or TTL, and no ReturnValuesOnConditionCheckFailure.
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import dynalite from 'dynalite';
import { AwsError } from './aws-json.ts';
import { startEndpoint } from './endpoint.ts';

export type DynamoDb = {
  /** Where it listens by itself. */
  url: string;
  /** Answers a request that came in elsewhere, whose body is read already. */
  answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void>;
  /** Ends its connections; its tables are forgotten with it. */
  close(): Promise<void>;
};

/** Starts a DynamoDB without tables on a port of 127.0.0.1, any free one unless said. */
export async function startDynamoDb(options: { port?: number } = {}): Promise<DynamoDb> {
  // Its server never listens, so it is never closed either: dynalite's close ends the tables under the requests that
  // are at work, and those then throw where nobody can catch it. What is in memory needs no closing.
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });

  async function answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    const ended = new Promise((resolve) => res.once('close', resolve));
    // dynalite reads the body from the request's events, so it gets a request that tells them again.
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
