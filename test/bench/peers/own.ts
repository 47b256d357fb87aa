// This set, as `npm start` runs it. Its stores are emulators in JavaScript, where the other senders have real ones.
import { startBeside } from '../beside.ts';
import { commitOf } from '../machine.ts';
import { cpuMsOf, functionProcessesOf } from '../process-cpu.ts';
import type { AskedOfOwn, ToldByOwn } from './own-window.ts';
import type { Sender } from './sender.ts';
import { usageOf } from './usage.ts';

/** Starts the local set of this checkout. */
export async function startOwn(): Promise<Sender> {
  const child = await startBeside<AskedOfOwn>('./peers/own-window.ts');
  const { url, queueUrl, pid }: ToldByOwn = JSON.parse(child.told);
  return {
    ...{ name: 'this set', version: commitOf('.'), stores: 'emulators' },
    async subscribe(topic, urls) {
      await child.ask<void>({ topic, urls });
      return { kind: 'sqs', url, queueUrl, topic };
    },
    usage() {
      // The functions are children of the process that holds the stores.
      const app = functionProcessesOf(pid).map((one) => one.pid);
      const together = usageOf({ app, stores: [pid] });
      return {
        ...together,
        storesCpuMs: cpuMsOf(pid),
        storesMiB: together.storesMiB - together.appMiB,
      };
    },
    close: async () => child.close(),
  };
}
