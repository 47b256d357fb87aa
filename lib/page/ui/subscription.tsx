// One subscription: its state, what can be done about it, its attempts, its waiting and held messages, a test call, its item.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { stateOf } from '#lib/cli/actions/state-of.ts';
import { subscriptionAddress } from './addresses.ts';
import { runCommand } from './api.ts';
import { Ask, type Question } from './ask.tsx';
import { AttemptsTab } from './attempts.tsx';
import { BacklogTab } from './backlog.tsx';
import { HeldTab } from './held.tsx';
import { ItemTab, NewSubscription } from './item.tsx';
import { Link } from './links.tsx';
import { amount, exact, until } from './numbers.ts';
import { Ago, Content, Copy, Done, Empty, Foreign } from './parts.tsx';
import { Pill } from './pill.tsx';
import type { Results } from './results.ts';
import type { PagePlace } from './route.ts';
import { TestTab } from './test-call.tsx';
import { useCommand } from './use-command.ts';

const EVERY_MS = 3_000;

const TABS = [
  { name: 'attempts', title: 'Attempts', Tab: AttemptsTab },
  { name: 'backlog', title: 'Backlog', Tab: BacklogTab },
  { name: 'held', title: 'Held', Tab: HeldTab },
  { name: 'test', title: 'Test', Tab: TestTab },
  { name: 'item', title: 'Item', Tab: ItemTab },
] as const;

/** Shows the subscription that the address names. */
export function SubscriptionPage({ place: { parameters } }: { readonly place: PagePlace }) {
  const id = parameters.get('id') ?? '';
  if (parameters.get('new') !== null) return <NewSubscription />;
  if (id === '') return <Empty>The address names no subscription.</Empty>;
  return <One id={id} tab={parameters.get('tab') ?? TABS[0].name} />;
}

function One({ id, tab }: { readonly id: string; readonly tab: string }) {
  const status = useCommand('status-of', { subscription: id }, EVERY_MS);
  const shown = TABS.find(({ name }) => name === tab) ?? TABS[0];
  const counts: Readonly<Record<string, string | undefined>> = {
    backlog:
      status.result?.backlog === undefined
        ? undefined
        : amount(status.result.backlog, status.result.backlogIsAtLeast),
    held:
      status.result?.held === undefined ? undefined : amount(status.result.held, status.result.heldIsAtLeast),
  };
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>
          <Foreign>{id}</Foreign>
        </h1>
        {status.result !== undefined && <Pill word={stateOf(status.result)} />}
        <Copy text={id} />
      </div>
      <Content of={status} what="its state">
        {(result) => <State id={id} status={result} onDone={status.reload} />}
      </Content>
      <nav class="tabs" aria-label="Parts of the subscription">
        {TABS.map(({ name, title }) => (
          <Link key={name} to={subscriptionAddress(id, name)} current={name === shown.name}>
            {title}
            {counts[name] !== undefined && <span class="count"> {counts[name]}</span>}
          </Link>
        ))}
      </nav>
      <shown.Tab key={shown.name} id={id} onDone={status.reload} />
    </>
  );
}

function State({
  id,
  status,
  onDone,
}: {
  readonly id: string;
  readonly status: Results['status-of'];
  readonly onDone: () => void;
}) {
  const [question, setQuestion] = useState<Question>();
  const [done, setDone] = useState<string>();
  const { pause, slow, message } = status;
  const since = pause?.since ?? slow?.since;
  const isStopped = status.phase === 'stopped' && pause?.reason === 'manual';
  const act = async (action: 'pause' | 'resume' | 'look', more = {}): Promise<string | undefined> => {
    const answer = await runCommand(action, { subscription: id, ...more });
    if (!answer.ok) return answer.message;
    setDone(answer.result.message);
    onDone();
    return undefined;
  };
  const now = (action: 'resume' | 'look') => async () => {
    const why = await act(action);
    if (why !== undefined) setDone(why);
  };
  const askToPause = (): void =>
    setQuestion({
      title: `Pause ${id}?`,
      text: 'One subscription is paused until somebody resumes it. Its messages wait in the backlog, in order.',
      yes: 'Pause 1 subscription',
      field: { label: 'Reason', hint: 'Shown by status. It may be left empty.' },
      act: (detail) => act('pause', detail === '' ? {} : { detail }),
    });
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ['Reason', pause && <b>{pause.code ?? pause.reason}</b>],
    ['Last error', pause && <Foreign>{pause.detail}</Foreign>],
    [
      'Since',
      since !== undefined && (
        <>
          <Ago at={since} /> <span class="hint">{exact(since)}</span>
        </>
      ),
    ],
    ['Next try', pause?.resumeAt !== undefined && until(pause.resumeAt)],
    ['Failures in a row', pause !== undefined && pause.failures > 0 && amount(pause.failures)],
    ['Oldest waiting', status.oldestAt !== undefined && <Ago at={status.oldestAt} />],
    ['Closed lanes', status.closedLanes.length > 0 && status.closedLanes.join(', ')],
  ];
  return (
    <section class="state">
      <p>
        <Foreign>{message}</Foreign>
      </p>
      <dl>
        {facts.map(
          ([name, value]) =>
            value !== undefined &&
            value !== false && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <div class="buttons start">
        {!isStopped && (
          <button type="button" onClick={askToPause}>
            Pause…
          </button>
        )}
        {status.phase !== 'going' && (
          <button type="button" class="primary" onClick={now('resume')}>
            Resume
          </button>
        )}
        <button
          type="button"
          title="A changed item resumes it; a drain starts if it may."
          onClick={now('look')}
        >
          Check now
        </button>
      </div>
      {done !== undefined && <Done>{done}</Done>}
      {question !== undefined && <Ask question={question} onClose={() => setQuestion(undefined)} />}
    </section>
  );
}
