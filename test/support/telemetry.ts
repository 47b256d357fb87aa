// Telemetry for tests: log lines and counts are recorded, measurements are discarded.
import type { CountName, Log, LogFields } from '#lib/telemetry/log.ts';
import type { Telemetry } from '#lib/telemetry/telemetry.ts';

export const telemetryInto = ({
  log,
  counts,
}: {
  readonly log: Log;
  readonly counts: Map<CountName, number>;
}): Telemetry => ({
  log,
  infoAll(event: string, list: readonly LogFields[]) {
    for (const fields of list) log.info(event, fields);
  },
  count: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
  measure() {},
  meterOf: () => ({ count() {}, measure() {} }),
  begin() {},
  flush() {},
});
