// Shows the messages that wait for a subscription, and the actions on the first one: skip it, or send it to the dlq.
import { useState } from 'preact/hooks';
import { runCommand } from './api.ts';
import { Ask, type Question } from './ask.tsx';
import { MessageLink } from './links.tsx';
import { counted } from './numbers.ts';
import { Ago, Content, Done, Empty, Foreign } from './parts.tsx';
import type { WaitingMessage } from './results.ts';
import type { TabProps } from './tab.ts';
import { DataTable, type TableColumn } from './table.tsx';
import { useCommand } from './use-command.ts';

const EVERY_MS = 5_000;
const MOST = 500;

const COLUMNS: readonly TableColumn<WaitingMessage>[] = [
  { title: 'Lane', cell: ({ lane }) => lane, isNumber: true },
  {
    title: 'Message',
    cell: ({ messageId }) => <MessageLink id={messageId} />,
    isWide: true,
  },
  { title: 'Topic', cell: ({ topic }) => topic && <Foreign>{topic}</Foreign> },
  { title: 'Published', cell: ({ publishedAt }) => <Ago at={publishedAt} /> },
  { title: 'Waits since', cell: ({ parkedAt }) => <Ago at={parkedAt} /> },
  { title: 'Next attempt', cell: ({ attempt }) => attempt, isNumber: true },
];

type HeadAction = 'skip-head' | 'dead-letter-head';

/** Lists the backlog lane by lane, in order. */
export function BacklogTab({ id, onDone }: TabProps) {
  const listed = useCommand('backlog-list', { subscription: id, limit: MOST }, EVERY_MS);
  const [question, setQuestion] = useState<Question>();
  const [done, setDone] = useState<string>();
  const ask = (action: HeadAction, { lane, messageId }: WaitingMessage): void =>
    setQuestion({
      title: action === 'skip-head' ? 'Discard the first message?' : 'Move the first message to the dlq?',
      text: (
        <>
          <p>
            This is about 1 message: the first of lane {lane}, at present <code>{messageId}</code>.
          </p>
          <p>
            {action === 'skip-head'
              ? 'It is discarded and never delivered. The messages behind it keep their order.'
              : 'It becomes a dead letter at the endpoint of the dlq, from where it can be redriven.'}
          </p>
        </>
      ),
      yes: action === 'skip-head' ? 'Discard 1 message' : 'Move 1 message',
      danger: action === 'skip-head',
      async act() {
        const answer = await runCommand(action, { subscription: id, lane });
        if (!answer.ok) return answer.message;
        setDone(answer.said);
        listed.reload();
        onDone();
        return undefined;
      },
    });
  return (
    <>
      {done !== undefined && <Done>{done}</Done>}
      <Content of={listed} what="the backlog">
        {({ waiting, more }) =>
          waiting.length === 0 ? (
            <Empty>No message waits: what comes is delivered at once.</Empty>
          ) : (
            <>
              <p class="hint">
                {more
                  ? `The first ${counted(waiting.length, 'message')}; there are more.`
                  : counted(waiting.length, 'message')}
                {' wait, lane by lane, in order.'}
              </p>
              <ul class="heads">
                {headsOf(waiting).map((head) => (
                  <li key={head.lane}>
                    <span>
                      First of lane {head.lane}: <Foreign>{head.messageId}</Foreign>
                    </span>
                    <button type="button" onClick={() => ask('skip-head', head)}>
                      Skip…
                    </button>
                    <button type="button" onClick={() => ask('dead-letter-head', head)}>
                      Dead-letter…
                    </button>
                  </li>
                ))}
              </ul>
              <DataTable
                rows={waiting}
                columns={COLUMNS}
                keyOf={({ lane, messageId }, index) => `${lane} ${messageId} ${index}`}
                caption="Waiting messages"
              />
            </>
          )
        }
      </Content>
      {question !== undefined && <Ask question={question} onClose={() => setQuestion(undefined)} />}
    </>
  );
}

/** The first message of each lane. */
const headsOf = (waiting: readonly WaitingMessage[]): readonly WaitingMessage[] =>
  waiting.filter((one, at) => waiting.findIndex(({ lane }) => lane === one.lane) === at);
