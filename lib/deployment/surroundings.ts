// The clock, the random numbers and the telemetry of a function. Tests pass their own.
import { setTimeout as wait } from 'node:timers/promises';
import { createTelemetry, type Telemetry } from '#lib/telemetry/telemetry.ts';

export type Surroundings = {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly telemetryOf: (functionName: string, stage: string) => Telemetry;
};

/** The surroundings of a deployed function. */
export const DEPLOYED: Surroundings = {
  now: Date.now,
  random: Math.random,
  wait,
  telemetryOf: createTelemetry,
};
