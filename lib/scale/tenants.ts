// Which stage has which tenant, where several stages share the load. A tenant has one stage: its secrets, its slots for slow
// subscriptions and the order of its messages are there.
import { createHash } from 'node:crypto';

/**
 * Returns the stage of a tenant, by rendezvous hashing: a new stage takes tenants from all others, and no tenant moves between
 * two of the stages that were there before. Throws when there is no stage.
 */
export function stageOfTenant(tenant: string, stages: readonly string[]): string {
  const [first] = stages
    .map((stage) => ({ stage, weight: createHash('sha256').update(`${stage}\n${tenant}`).digest('hex') }))
    .toSorted((one, other) => (one.weight < other.weight ? 1 : -1));
  if (first === undefined) throw new RangeError('there is no stage');
  return first.stage;
}

/** The tenants of the stage that has the most, when equal tenants are spread over so many stages by their names. */
export function tenantsOfFullestStage(tenants: number, stages: number): number {
  const names = Array.from({ length: stages }, (_, index) => `stage-${index + 1}`);
  const counts = new Map<string, number>();
  for (let number = 1; number <= tenants; number++) {
    const stage = stageOfTenant(`tenant-${number}`, names);
    counts.set(stage, (counts.get(stage) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}
