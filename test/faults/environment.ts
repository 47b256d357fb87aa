// Runs in each process of a function before its bundle. The process follows the clock of the run, its calls to AWS carry its
// process id, and a signal makes it run out of memory. The bundle is the one that is deployed.
import dns from 'node:dns';
import { createRandom } from '#test/support/agenda.ts';
import { followClock } from './clock.ts';
import { keyOf } from './pid.ts';

const { FAULTS_CLOCK = '', FAULTS_DNS = '' } = process.env;
followClock(FAULTS_CLOCK, process.pid);
dns.setServers([FAULTS_DNS]);
process.env.AWS_ACCESS_KEY_ID = keyOf(process.pid);

process.on('SIGUSR2', () => {
  const random = createRandom(1);
  const kept: number[][] = [];
  for (;;) kept.push(Array.from({ length: 1_000_000 }, random));
});
