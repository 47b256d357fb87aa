// Reads a topic with Kafka's own console consumer, so that the tests do not depend on our client.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { javaArguments } from './java.ts';

export type ConsumedRecord = {
  readonly partition: number;
  readonly offset: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string;
  readonly value: Buffer;
};

// Separators between the printed parts. Tests use none of these characters in what they send.
const PART = '\u0001';
const HEADER = '\u0002';
const END = '\u0003\n';

/** Reads a topic from its beginning until `count` records have arrived, or none has arrived for a while. */
export function consume(server: string, topic: string, count: number): ConsumedRecord[] {
  const folder = mkdtempSync(join(tmpdir(), 'sqs-webhooks-consume-'));
  const file = join(folder, 'formatter.properties');
  writeFileSync(
    file,
    [
      'print.partition=true',
      'print.offset=true',
      'print.headers=true',
      'print.key=true',
      'key.separator=\\u0001',
      'headers.separator=\\u0002',
      'line.separator=\\u0003\\n',
    ].join('\n'),
  );
  const { status, stdout, stderr } = spawnSync(
    'java',
    javaArguments('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      '--bootstrap-server',
      server,
      '--topic',
      topic,
      '--from-beginning',
      '--max-messages',
      String(count),
      '--timeout-ms',
      '20000',
      '--formatter-config',
      file,
    ]),
    { maxBuffer: 2 ** 28 },
  );
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0) throw new Error(`the console consumer failed: ${stderr}`);
  return stdout
    .toString('latin1')
    .split(END)
    .filter((text) => text !== '')
    .map(recordIn);
}

function recordIn(text: string): ConsumedRecord {
  const [partition = '', offset = '', headers = '', key = '', ...value] = text.split(PART);
  const utf8 = (part: string) => Buffer.from(part, 'latin1').toString();
  return {
    partition: Number(partition.replace('Partition:', '')),
    offset: Number(offset.replace('Offset:', '')),
    headers: Object.fromEntries(
      utf8(headers)
        .split(HEADER)
        .map((header): [string, string] => {
          const at = header.indexOf(':');
          return [header.slice(0, at), header.slice(at + 1)];
        }),
    ),
    key: utf8(key),
    value: Buffer.from(value.join(PART), 'latin1'),
  };
}
