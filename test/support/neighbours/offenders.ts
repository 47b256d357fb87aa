// All offenders, for the tests and the benchmark.
import { ITEMS } from './items.ts';
import type { Offender } from './offender.ts';
import { RECEIVERS } from './receivers.ts';

export const OFFENDERS: readonly Offender[] = [...RECEIVERS, ...ITEMS];
