// Runs in each process of a function before its bundle: the process follows the clock that the test moves.
import { followClock } from '#test/faults/clock.ts';

const { MOVED_CLOCK } = process.env;
if (MOVED_CLOCK === undefined) throw new Error('MOVED_CLOCK names no file');
followClock(MOVED_CLOCK, process.pid);
