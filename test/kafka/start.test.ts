// `npm start -- --kafka HOST:PORT`, and the circle over it by the CLI: rejected, on the topic, looked at, sent again.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { webhooksProgram } from '#test/support/cli-program.ts';
import { kafkaAddresses, recordsOn } from '#test/support/kafka/addresses.ts';

const broker = kafkaAddresses();

function start(...args: string[]) {
  const child = spawn(process.execPath, ['lib/local/start.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PORT: '0', RECEIVER_PORT: '0' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', (line) => lines.push(line));
  const said = async (text: RegExp): Promise<string> => {
    await expect.poll(() => lines.join('\n'), { timeout: 90_000 }).toMatch(text);
    return text.exec(lines.join('\n'))?.[1] ?? '';
  };
  return { child, said };
}

test('the samples have a topic for their dead letters, and the CLI brings them back', async () => {
  const { said } = start('--kafka', broker.plaintext);
  const endpointUrl = await said(/answer on (http:\S+\d)/);
  const receiver = await said(/Callbacks go to (http:\S+\d)/);
  await said(/Dead letters of the samples go to the topic sample-dlq on/);
  await said(/(Ctrl-C) ends it/);
  const put = (query: string) =>
    webhooksProgram(['subscriptions', 'put', '-'], {
      endpointUrl,
      stdin: JSON.stringify({
        id: 'returns',
        topic: 'returns',
        dlq: { endpoint: 'sample-dlq' },
        configuration: { callbackUrl: `${receiver}/returns${query}` },
      }),
    });
  expect(await put('?status=410')).toMatchObject({ code: 0 });
  await webhooksProgram(['publish', '--topic', 'returns', '--id', 'return-1', '{"return":1}'], {
    endpointUrl,
  });
  await expect.poll(() => recordsOn(broker.plaintext, 'sample-dlq'), { timeout: 60_000 }).toBe(1);

  const listed = await webhooksProgram(['dead-letters', 'list', 'sample-dlq', '--json'], { endpointUrl });
  expect(JSON.parse(listed.stdout)).toMatchObject({
    letters: [{ id: 'return-1', status: 410 }],
    seen: 1,
    left: 0,
  });
  await put('');
  const redriven = await webhooksProgram(['redrive', 'sample-dlq', '--status', '410'], { endpointUrl });
  expect(redriven.stdout).toBe('1 of 1 dead letters were sent again.\n');
  await said(/returns +200 +webhook-id (return-1)/);
});

test('a broker that is not there ends it with a sentence', async () => {
  const { child, said } = start('--kafka', '127.0.0.1:1');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // Which broker, which topic, and the system's code: the sentence around them may change.
  expect(await said(/--kafka 127.0.0.1:1: .*sample-dlq.*\((\w+)[ )]/)).toBe('ECONNREFUSED');
  expect(await ended).toBe(1);
});
