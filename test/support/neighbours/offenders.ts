// All offenders that the benchmark measures. The tests have a file for each kind.
import { ITEMS } from './items.ts';
import { NAMES } from './names.ts';
import type { Offender } from './offender.ts';
import { RECEIVERS } from './receivers.ts';

export const OFFENDERS: readonly Offender[] = [...RECEIVERS, ...NAMES, ...ITEMS];
