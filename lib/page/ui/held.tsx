// Shows the held messages of a subscription. They may have been delivered, so a person decides whether they are sent again.
import { useState } from 'preact/hooks';
import { runCommand } from './api.ts';
import { Ask, type Question } from './ask.tsx';
import { MessageLink } from './links.tsx';
import { counted } from './numbers.ts';
import { Ago, Content, Done, Empty } from './parts.tsx';
import type { HeldMessage } from './results.ts';
import type { TabProps } from './tab.ts';
import { DataTable, type TableColumn } from './table.tsx';
import { useCommand } from './use-command.ts';

const EVERY_MS = 5_000;
const MOST = 1_000;

/** Lists the held messages. Chosen ones, or all that are listed, are sent or discarded. */
export function HeldTab({ id, onDone }: TabProps) {
  const listed = useCommand('held-list', { subscription: id, limit: MOST }, EVERY_MS);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [question, setQuestion] = useState<Question>();
  const [done, setDone] = useState<string>();
  const choose = (messageId: string, isChosen: boolean): void =>
    setChosen((before) => {
      const after = new Set(before);
      if (isChosen) after.add(messageId);
      else after.delete(messageId);
      return after;
    });
  const ask = (name: 'held-send' | 'held-discard', messages: readonly string[]): void => {
    const many = counted(messages.length, 'message');
    setQuestion({
      title: name === 'held-send' ? `Send ${many} again?` : `Discard ${many}?`,
      text:
        name === 'held-send'
          ? `${many} may have been delivered already. A receiver that got one gets it twice.`
          : `${many} will never be delivered. This can't be undone.`,
      yes: name === 'held-send' ? `Send ${many}` : `Discard ${many}`,
      danger: name === 'held-discard',
      async act() {
        const answer = await runCommand(name, { subscription: id, messages, all: false });
        if (!answer.ok) return answer.message;
        setDone(answer.said);
        setChosen(new Set());
        listed.reload();
        onDone();
        return undefined;
      },
    });
  };
  const columns: readonly TableColumn<HeldMessage>[] = [
    {
      title: 'Choose',
      cell: ({ messageId }) => (
        <input
          type="checkbox"
          aria-label={`Choose ${messageId}`}
          checked={chosen.has(messageId)}
          onChange={(event) => choose(messageId, event.currentTarget.checked)}
        />
      ),
    },
    {
      title: 'Message',
      cell: ({ messageId }) => <MessageLink id={messageId} />,
      isWide: true,
    },
    { title: 'Why', cell: ({ reason }) => reason },
    { title: 'Status', cell: ({ status, code }) => status ?? code },
    { title: 'Held', cell: ({ at }) => <Ago at={Date.parse(at)} /> },
  ];
  return (
    <>
      {done !== undefined && <Done>{done}</Done>}
      <Content of={listed} what="the held messages">
        {({ held, more }) => {
          if (held.length === 0)
            return (
              <Empty>No message is held: there is none of which it is unknown whether it arrived.</Empty>
            );
          const ids = held.map(({ messageId }) => messageId);
          const picked = ids.filter((one) => chosen.has(one));
          const subject = picked.length > 0 ? picked : ids;
          const words = picked.length > 0 ? `${picked.length} chosen` : `all ${ids.length}`;
          return (
            <>
              <div class="buttons start">
                <button type="button" onClick={() => ask('held-send', subject)}>
                  Send {words}…
                </button>
                <button type="button" class="danger" onClick={() => ask('held-discard', subject)}>
                  Discard {words}…
                </button>
                {more && (
                  <span class="hint">There are more than {MOST}: those that are listed count as all.</span>
                )}
              </div>
              <DataTable
                rows={held}
                columns={columns}
                keyOf={({ messageId }) => messageId}
                caption="Held messages"
              />
            </>
          );
        }}
      </Content>
      {question !== undefined && <Ask question={question} onClose={() => setQuestion(undefined)} />}
    </>
  );
}
