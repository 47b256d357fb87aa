// The template's schedules: EventBridge rules with a rate that invoke one function each. Cron expressions, event patterns
// and other targets are errors. Unlike on AWS, runs of a rule never overlap, and a failed run is not retried, because
// the next run is due soon.
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { type ResourceNames, resolve } from '#lib/build/intrinsics.ts';
import { type Clock, realClock } from './aws/clock.ts';
import { eventOf } from './aws/events/event.ts';
import type { InvocationResult } from './environment.ts';
import type { Functions } from './functions.ts';
import { functionsOf, resourcesOf, type Template, withFunctions } from './template.ts';

export type Schedule = {
  /** The rule's logical id. */
  id: string;
  ruleArn: string;
  everyMs: number;
  enabled: boolean;
  functionName: string;
  /** The target's Input, which replaces EventBridge's scheduled event. */
  input?: unknown;
};

export type Schedules = {
  /** Invokes the scheduled function now, or after a running run, and returns its answer. Throws when it fails. */
  run(functionName: string): Promise<unknown>;
  /** Starts no more runs, and waits for running ones, `graceMs` at most. */
  stop(graceMs?: number): Promise<void>;
};

type Dependencies = {
  functions: Pick<Functions, 'run'>;
  region: string;
  accountId: string;
  onError: (text: string) => void;
  clock?: Clock;
};

const ruleSchema = z.strictObject({
  Name: z.string().optional(),
  Description: z.string().optional(),
  ScheduleExpression: z.string(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z.tuple([z.strictObject({ Id: z.string(), Arn: z.string(), Input: z.string().optional() })]),
});

/** Strict: throws for a property that is not implemented here, instead of ignoring it. */
export function schedulesOf(template: Template, names: ResourceNames): Schedule[] {
  return resourcesOf(template, 'rule').map(({ logicalId, properties }) => {
    const parsed = ruleSchema.safeParse(resolve(properties, withFunctions(template, names), logicalId));
    if (!parsed.success) throw new Error(`${logicalId}: ${z.prettifyError(parsed.error)}`);
    const { Name = `local-${logicalId}`, ScheduleExpression, State, Targets } = parsed.data;
    const [{ Arn, Input }] = Targets;
    const target = functionsOf(template, names).find(({ arn }) => arn === Arn);
    if (target === undefined)
      throw new Error(`${logicalId}: its target ${Arn} is no function of the template`);
    return {
      id: logicalId,
      ruleArn: `arn:aws:events:${names.region}:${names.accountId}:rule/${Name}`,
      everyMs: periodOf(ScheduleExpression, logicalId),
      enabled: State === 'ENABLED',
      functionName: target.name,
      ...(Input === undefined ? {} : { input: inputFrom(Input, logicalId) }),
    };
  });
}

/** Starts the enabled schedules; each runs first when its period has passed. */
export function startSchedules(schedules: Schedule[], dependencies: Dependencies): Schedules {
  const started = schedules.map((schedule) => startSchedule(schedule, dependencies));

  function scheduleOf(name: string): (typeof started)[number] {
    const found = started.filter(
      ({ schedule }) => schedule.functionName === name || schedule.functionName.endsWith(`-${name}`),
    );
    const [first] = found;
    if (first !== undefined && found.length === 1) return first;
    const all = schedules.map(({ id, functionName }) => `${id} for ${functionName}`).join(', ');
    throw new Error(`${name} has ${found.length} schedules, not one. There are: ${all || 'none'}`);
  }

  return {
    async run(functionName) {
      const result = await scheduleOf(functionName).run();
      if (result.ok) return result.payload;
      throw new Error(`${functionName} failed: ${result.errorType}: ${result.errorMessage}`);
    },
    async stop(graceMs = 5000) {
      const over = new AbortController();
      const grace = setTimeout(graceMs, undefined, { signal: over.signal }).catch(() => {});
      await Promise.race([Promise.allSettled(started.map(({ stop }) => stop())), grace]);
      over.abort();
    },
  };
}

function startSchedule(
  schedule: Schedule,
  { functions, region, accountId: account, onError, clock = realClock }: Dependencies,
) {
  const { id, ruleArn, everyMs, functionName, input } = schedule;
  let dueAt = clock.now() + everyMs;
  let disarm = () => {};
  let underWay: Promise<InvocationResult> | undefined;
  let stopped = false;

  function invoke(): Promise<InvocationResult> {
    const about = {
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      resources: [ruleArn],
      detail: {},
    };
    const event = input === undefined ? eventOf(about, { at: clock.now(), region, account }) : input;
    underWay = functions.run(functionName, event).finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  function report(failure: unknown): void {
    if (!stopped) onError(`${id}: ${functionName} failed: ${failure}`);
  }

  function tick(): void {
    const lateMs = clock.now() - dueAt;
    // A timer may be early: by a millisecond, or because no timer is as long as the period.
    if (lateMs >= 0) {
      if (underWay === undefined) {
        invoke().then((result) => result.ok || report(`${result.errorType}: ${result.errorMessage}`), report);
      }
      // Runs that were missed while the machine slept are not repeated.
      dueAt += everyMs * (1 + Math.floor(lateMs / everyMs));
    }
    arm();
  }

  function arm(): void {
    disarm = clock.setTimer(dueAt - clock.now(), tick);
  }

  if (schedule.enabled) arm();
  return {
    schedule,
    async run(): Promise<InvocationResult> {
      while (underWay !== undefined) await underWay;
      if (stopped) throw new Error(`${id} has ended`);
      return invoke();
    },
    async stop(): Promise<void> {
      stopped = true;
      disarm();
      await underWay;
    },
  };
}

const MINUTE_MS = 60_000;

/** The period of `rate(…)`. As on AWS, 1 goes with the singular and more with the plural. */
function periodOf(expression: string, id: string): number {
  const [, digits = '', unit = '', plural] = /^rate\(([1-9]\d*) (minute|hour)(s?)\)$/.exec(expression) ?? [];
  const count = Number(digits);
  if (count > 0 && count > 1 === (plural === 's')) return count * MINUTE_MS * (unit === 'hour' ? 60 : 1);
  throw new Error(
    `${id}: the schedule ${expression} can't run on one machine: only rate(1 minute), rate(N minutes), rate(1 hour) and rate(N hours) can`,
  );
}

function inputFrom(text: string, id: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${id}: the target's Input is no JSON`, { cause });
  }
}
