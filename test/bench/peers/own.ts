// This set, as `npm start` runs it. Its stores are emulators in JavaScript, where the other senders have real ones.
import { startBeside } from '../beside.ts';
import { commitOf } from '../machine.ts';
import { functionProcessesOf } from '../process-cpu.ts';
import type { AskedOfOwn, ToldByOwn } from './own-window.ts';
import type { Sender } from './sender.ts';

/** Starts the local set of this checkout. */
export async function startOwn(): Promise<Sender> {
  const child = await startBeside<AskedOfOwn>('./peers/own-window.ts');
  const { url, queueUrl, pid }: ToldByOwn = JSON.parse(child.told);
  return {
    ...{ name: 'this set', version: commitOf('.') },
    async subscribe(topic, urls) {
      await child.ask<void>({ topic, urls });
      return { kind: 'sqs', url, queueUrl, topic };
    },
    appPids: () => functionProcessesOf(pid).map((one) => one.pid),
    storePids: () => [pid],
    close: async () => child.close(),
  };
}
