// The clock, the random numbers and the telemetry of a function. Tests pass their own.
import { REAL_CLOCK, type WaitClock } from '#lib/queue/unprocessed.ts';
import { createTelemetry, type Telemetry, type TelemetryOptions } from '#lib/telemetry/telemetry.ts';

export type Surroundings = WaitClock & {
  readonly telemetryOf: (functionName: string, options: TelemetryOptions) => Telemetry;
};

/** The surroundings of a deployed function. */
export const DEPLOYED: Surroundings = {
  ...REAL_CLOCK,
  telemetryOf(functionName, options) {
    const telemetry = createTelemetry(functionName, options);
    // A crash by an error writes what was gathered.
    process.once('exit', telemetry.flush);
    return telemetry;
  },
};
