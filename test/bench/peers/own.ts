// This set. Its stores are emulators in JavaScript, in two processes, where the other senders have real ones.
import { startBeside } from '../beside.ts';
import { EMULATOR_FLAGS } from '../emulator-flags.ts';
import { commitOf } from '../machine.ts';
import { functionProcessesOf } from '../process-cpu.ts';
import type { AskedOfOwn, ToldByOwn } from './own-window.ts';
import type { Sender } from './sender.ts';
import { usageOf } from './usage.ts';

/** Starts the local set of this checkout. */
export async function startOwn(): Promise<Sender> {
  const child = await startBeside<AskedOfOwn>('./peers/own-window.ts', { flags: EMULATOR_FLAGS });
  const { url, queueUrl, pid }: ToldByOwn = JSON.parse(child.told);
  let known: readonly number[] = [];
  return {
    ...{ name: 'this set', version: commitOf('.'), stores: 'emulators' },
    async subscribe(topic, urls, requestsAtOnce) {
      await child.ask<void>({ topic, urls, requestsAtOnce });
      const MessageAttributes = { topic: { DataType: 'String', StringValue: topic } };
      return {
        ...{ url, kind: 'text' },
        // Unsigned: the emulator verifies no signature, and the publisher's CPU time counts for nobody.
        headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
        before: `${JSON.stringify({ QueueUrl: queueUrl, MessageAttributes }).slice(0, -1)},"MessageBody":`,
        after: '}',
      };
    },
    usage() {
      // The functions and DynamoDB are children of the process that holds the queues.
      const app = functionProcessesOf(pid).map((one) => one.pid);
      const ended = known.filter((one) => !app.includes(one));
      if (ended.length > 0) throw new Error(`Function processes ended, with their CPU time: ${ended}`);
      known = app;
      const together = usageOf({ app, stores: [pid] });
      return {
        ...together,
        storesCpuMs: together.storesCpuMs - together.appCpuMs,
        storesMiB: together.storesMiB - together.appMiB,
      };
    },
    close: async () => child.close(),
  };
}
