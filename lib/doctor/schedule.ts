// Checks the stage's resources in EventBridge: the schedule of resume, without which no paused subscription resumes by
// itself, and the
// bus for the events of pauses.
import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  type DescribeRuleResponse,
  ListRuleNamesByTargetCommand,
} from '@aws-sdk/client-eventbridge';
import type { DoctorClients } from './clients.ts';
import type { Desired } from './desired.ts';
import type { Sight } from './unseen.ts';

type Deps = Pick<DoctorClients, 'events'> & { readonly functionArn: string | undefined };

/** Finds a schedule that is missing, off, or of another rate. */
export async function lookAtSchedule(
  desired: Desired,
  sight: Sight,
  { events, functionArn }: Deps,
): Promise<void> {
  const scheduled = desired.functions.find(({ events: all }) => all.some((event) => 'schedule' in event));
  const wanted = scheduled?.events.find((event) => 'schedule' in event);
  if (scheduled === undefined || wanted === undefined || !('schedule' in wanted)) return;
  const where = `${desired.stackName}-${scheduled.name}`;
  if (functionArn === undefined) {
    sight.skip('the schedule of resume', 'the ARN of resume is not known');
    return;
  }
  const rules = await sight.look(
    'the schedule of resume',
    'events:ListRuleNamesByTarget, events:DescribeRule',
    () => rulesOf(functionArn, events),
  );
  if (rules === undefined) return;
  const matching = rules.filter(({ ScheduleExpression }) => ScheduleExpression === wanted.schedule);
  if (matching.some(({ State }) => State === 'ENABLED')) return;
  const [off] = matching;
  sight.find({
    severity: 'error',
    where,
    what:
      off === undefined
        ? `No rule invokes the function at ${wanted.schedule}: no paused subscription resumes, and no backlog is drained.`
        : `The rule ${off.Name} is ${off.State}: no paused subscription resumes, and no backlog is drained.`,
    fix:
      off === undefined
        ? `Create a rule of EventBridge with ${wanted.schedule} for ${where}, or remove the stack and deploy again.`
        : `Turn it on: aws events enable-rule --name ${off.Name}`,
  });
}

async function rulesOf(
  TargetArn: string,
  events: DoctorClients['events'],
): Promise<readonly DescribeRuleResponse[]> {
  const { RuleNames = [] } = await events.send(new ListRuleNamesByTargetCommand({ TargetArn }));
  return await Promise.all(RuleNames.map((Name) => events.send(new DescribeRuleCommand({ Name }))));
}

/** Finds an event bus that does not exist. Each account has the bus `default`. */
export async function lookAtEventBus(
  { values: { eventBus: Name } }: Desired,
  sight: Sight,
  { events }: Pick<DoctorClients, 'events'>,
): Promise<void> {
  if (Name === 'default') return;
  const exists = await sight.look(`the event bus ${Name}`, 'events:DescribeEventBus', () =>
    events.send(new DescribeEventBusCommand({ Name })).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && error.name === 'ResourceNotFoundException') return false;
        throw error;
      },
    ),
  );
  if (exists !== false) return;
  sight.find({
    severity: 'error',
    where: Name,
    what: 'The event bus of the parameter eventBus does not exist: nobody gets the events of pauses, resumptions and dead letters.',
    fix: 'Create it, or deploy with the name of another.',
  });
}
