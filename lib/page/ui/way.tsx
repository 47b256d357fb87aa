// The way of one message as a timeline: routed, attempts, backlog, held, dead letter; and where it is now.
import { subscriptionAddress } from './addresses.ts';
import { KeptText, thenOf } from './attempts.tsx';
import { Link, SubscriptionLink } from './links.tsx';
import { duration, exact } from './numbers.ts';
import { Ago, Content, Empty, Foreign } from './parts.tsx';
import { Pill } from './pill.tsx';
import type { AttemptStep, WayEndShown } from './results.ts';
import { pageAddress } from './route.ts';
import { useCommand } from './use-command.ts';

const EVERY_MS = 2_000;
const MOST = 500;

const WHERE: Readonly<Record<string, string>> = {
  queued: 'It is in the queue, and is delivered by itself.',
  retrying: 'It is tried again by itself.',
  waiting: 'It waits in the backlog, and is delivered when its turn comes.',
  delivered: 'It was delivered.',
  'dead-letter': 'It is a dead letter, on its way to its endpoint.',
  bridged: 'Its dead letter is at the endpoint, from where it can be redriven.',
  held: 'It is held, because the receiver may have it. A person decides.',
  discarded: 'A person discarded it. No copy is kept.',
  skipped: 'A person skipped it. No copy is kept.',
  dropped: 'It was dropped, as its subscription wants it. No copy is kept.',
  undeliverable: 'It is in undeliverable, from where it can be redriven.',
  'without-subscription': 'No subscription had its topic. No copy is kept.',
};

/** Shows the way of a message, and follows it. */
export function MessageWay({ id }: { readonly id: string }) {
  const found = useCommand('attempts', { message: id, limit: MOST, since: '30d' }, EVERY_MS);
  return (
    <Content of={found} what="its steps in the logs">
      {({ steps = [], ends = [], more }) =>
        steps.length === 0 ? (
          <Empty>
            No step of this message is in the logs yet. A new one shows up here after some seconds; old ones
            are kept as long as the logs.
          </Empty>
        ) : (
          <>
            <h2>Where it is</h2>
            <ul class="ends">
              {ends.map((end) => (
                <End
                  key={`${end.subscription} ${end.messageId}`}
                  end={end}
                  endpoint={endpointOf(end, steps)}
                />
              ))}
            </ul>
            <h2>Its way</h2>
            {more && <p class="hint">Its newest {steps.length} steps.</p>}
            <ol class="way">
              {steps.map((step, index) => (
                <Step key={`${step.at} ${index}`} step={step} before={steps[index - 1]} />
              ))}
            </ol>
          </>
        )
      }
    </Content>
  );
}

/** The endpoint of the message's dead letter; undefined when no step names one. */
const endpointOf = (
  { subscription, where }: WayEndShown,
  steps: readonly AttemptStep[],
): string | undefined =>
  where === 'undeliverable'
    ? where
    : steps.findLast((step) => step.subscription === subscription && step.endpoint !== undefined)?.endpoint;

function End({
  end: { subscription, messageId, where, reason },
  endpoint,
}: {
  readonly end: WayEndShown;
  readonly endpoint: string | undefined;
}) {
  return (
    <li>
      {subscription !== undefined && <SubscriptionLink id={subscription} />} <Pill word={where} />{' '}
      {WHERE[where]} {reason !== undefined && <span class="hint">({reason})</span>}{' '}
      <Action where={where} subscription={subscription} letter={{ endpoint, subscription, id: messageId }} />
    </li>
  );
}

function Action({
  where,
  subscription = '',
  letter,
}: {
  readonly where: string;
  readonly subscription?: string | undefined;
  /** Finds the dead letter of the message. */
  readonly letter: Readonly<Record<string, string | undefined>>;
}) {
  if (where === 'held') return <Link to={subscriptionAddress(subscription, 'held')}>Send or discard it</Link>;
  if (where === 'waiting') return <Link to={subscriptionAddress(subscription, 'backlog')}>Its backlog</Link>;
  if (where === 'bridged' || where === 'dead-letter' || where === 'undeliverable')
    return <Link to={pageAddress('/dead-letters', letter)}>Redrive it</Link>;
  return null;
}

function Step({ step, before }: { readonly step: AttemptStep; readonly before: AttemptStep | undefined }) {
  const at = Date.parse(step.at);
  return (
    <li>
      <span class="when" title={exact(at)}>
        {before === undefined ? <Ago at={at} /> : `+ ${duration(at - Date.parse(before.at))}`}
      </span>
      <span>
        <Pill word={step.step === 'attempt' ? (step.outcome ?? 'attempt') : step.step} />{' '}
        {step.subscription !== undefined && (
          <>
            <SubscriptionLink id={step.subscription} />{' '}
          </>
        )}
        <Foreign>{wordsOf(step)}</Foreign>
        <KeptText of={step} />
      </span>
    </li>
  );
}

/** What happened, in a few words. */
function wordsOf(step: AttemptStep): string {
  const {
    attempt,
    status,
    code,
    durationMs = 0,
    waitedMs,
    endpoint,
    reason,
    detail,
    lane,
    notBefore,
    error,
  } = step;
  const answer = [status ?? code, `after ${duration(durationMs)}`]
    .filter((one) => one !== undefined)
    .join(' ');
  const then = thenOf(step);
  switch (step.step) {
    case 'attempt':
      return [
        `attempt ${attempt ?? ''}: ${answer}`,
        ...(then === undefined ? [] : [`then ${then}`]),
        ...(waitedMs === undefined ? [] : [`it had waited ${duration(waitedMs)} in the backlog`]),
      ].join('; ');
    case 'routed':
      return `to ${(step.to ?? '').trim().split(' ').filter(Boolean).join(', ') || `${step.deliveries} subscriptions`}`;
    case 'parked':
      return `into the backlog${lane === undefined ? '' : `, lane ${lane}`}`;
    case 'delayed':
      return `until ${notBefore ?? 'later'}`;
    default:
      return [
        endpoint && `endpoint ${endpoint}`,
        reason,
        status ?? code,
        detail,
        error,
        step.redriveId && `redrive ${step.redriveId}`,
      ]
        .filter(Boolean)
        .join(', ');
  }
}
