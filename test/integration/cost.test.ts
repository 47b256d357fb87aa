// `npm run cost` as a program: what it prints where, and its exit code.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const cost = (args: string) =>
  spawnSync(process.execPath, ['test/bench/cost.ts', ...args.split(' ').filter(Boolean)], {
    encoding: 'utf8',
  });

test.each(['--help', '-h'])('%s prints the options, and exits with 0', (args) => {
  const { status, stdout, stderr } = cost(args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('--per-request N');
});

test.each(['--colour', '--rate', '--rate ten', 'fast'])(
  '%s prints one line that says what to do, and exits with 1',
  (args) => {
    const { status, stdout, stderr } = cost(args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*npm run cost -- --help[^\n]*\n$/);
  },
);

test('the order of each key and requests of several messages have a bill for both ends', () => {
  const { status, stdout } = cost('--qos at-most-once --order key --cap 20 --per-request 5');
  expect(status).toBe(0);
  expect(stdout).toContain('at-most-once in the order of each key in requests of 5 messages');
  expect(stdout.match(/together +\d+\.\d\d/g)).toHaveLength(2);
});
