// The schedule of resume: without it no paused subscription resumes by itself.
import {
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
