// The page's server on a local set, with a receiver, for the tests in the browser.
import { PassThrough } from 'node:stream';
import { createContext } from '#lib/cli/terminal/context.ts';
import { putSampleEndpoint } from '#lib/local/sample-endpoint.ts';
import { type PageServer, startPage } from '#lib/page/server.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { startSet, type TestSet, type TestSetOptions } from './set.ts';

export type PageWorld = {
  readonly set: TestSet;
  readonly receiver: Receiver;
  readonly server: PageServer;
  /** Registers a subscription to the topic of its id, whose callback is `/<id>` of the receiver. */
  subscribe(id: string, item?: object): Promise<void>;
  /** Publishes messages to a subscription, in order; the ids are `<id>-1`, `<id>-2` … */
  publish(id: string, count: number, body?: string): Promise<readonly string[]>;
  close(): Promise<void>;
};

/** Starts the page for a deployment, without a terminal. */
export async function servePage(place: {
  stage: string;
  endpointUrl: string;
  env?: NodeJS.ProcessEnv;
}): Promise<PageServer> {
  const { env = {}, ...options } = place;
  const io = { env, stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const context = createContext(() => options, io);
  const server = await startPage({ port: 0, setBy: '--port' }, context);
  return {
    ...server,
    async close() {
      await server.close();
      context.close();
    },
  };
}

/** Starts all of it. */
export async function startPageWorld(options: TestSetOptions = {}): Promise<PageWorld> {
  const [set, receiver] = await Promise.all([startSet(options), startReceiver()]);
  await putSampleEndpoint({ set, root: process.cwd(), kafka: undefined });
  const server = await servePage({ stage: 'local', endpointUrl: set.url });
  return {
    set,
    receiver,
    server,
    subscribe: (id, item = {}) =>
      set.putSubscription({
        id,
        topic: id,
        configuration: { callbackUrl: `${receiver.url}/${id}` },
        ...item,
      }),
    async publish(id, count, body = '{"a":1}') {
      const ids = Array.from({ length: count }, (_, index) => `${id}-${index + 1}`);
      for (const messageId of ids) await set.publish(body, { topic: id, id: messageId, group: id });
      return ids;
    },
    async close() {
      await server.close();
      await receiver.close();
      await set.close();
    },
  };
}
