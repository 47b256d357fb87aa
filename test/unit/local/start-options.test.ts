// The command line of `npm start`: help, and a sentence about what is wrong.
import { expect, test } from 'vitest';
import { startCommandOf } from '#lib/local/start-options.ts';

test('options are read; without any there is a demo', () => {
  expect(startCommandOf([])).toEqual({
    kind: 'start',
    options: { demo: true, kafka: undefined, verbose: false },
  });
  expect(startCommandOf(['--no-demo', '--verbose'])).toMatchObject({
    options: { demo: false, verbose: true },
  });
  expect(startCommandOf(['--kafka', 'localhost:9092'])).toMatchObject({
    options: { kafka: 'localhost:9092' },
  });
  expect(startCommandOf(['--kafka=[::1]:9092'])).toMatchObject({ options: { kafka: '[::1]:9092' } });
});

test.each([['--help'], ['-h'], ['--help', '--verbose']])('%s shows every option', (...args) => {
  const command = startCommandOf(args);
  expect(command.kind).toBe('help');
  for (const option of ['--no-demo', '--kafka', '--verbose', 'PORT'])
    expect(command).toMatchObject({ text: expect.stringContaining(option) });
});

test.each([
  [['--verbos'], '--verbos is not known: did you mean --verbose? ('],
  [['--nodemo'], '--nodemo is not known: did you mean --no-demo? ('],
  [['-x'], '-x is not known. ('],
  [['demo'], '"demo" is no option. ('],
  [['--verbose=yes'], '--verbose takes no value. ('],
  [['--kafka'], '--kafka needs a broker as HOST:PORT. ('],
  [['--kafka', 'localhost'], '--kafka is "localhost"; it must be a broker as HOST:PORT. ('],
  [['--kafka', 'localhost:0'], '--kafka is "localhost:0"; it must be a broker as HOST:PORT. ('],
  [['--kafka', 'localhost:70000'], '--kafka is "localhost:70000"; it must be a broker as HOST:PORT. ('],
  [
    ['--kafka', 'localhost:9092', '--no-demo'],
    '--kafka is for the samples, which --no-demo leaves out: put an endpoint of your own. (',
  ],
])('%j is a sentence', (args, text) => {
  expect(startCommandOf(args)).toEqual({ kind: 'wrong', text: expect.stringContaining(text) });
});
