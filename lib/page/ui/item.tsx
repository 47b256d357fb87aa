// Shows a subscription's item with its faults, and opens the editor, also for a new subscription.
import { useState } from 'preact/hooks';
import { subscriptionAddress } from './addresses.ts';
import { Editor, textOf } from './item-editor.tsx';
import { Content, Done, Failed } from './parts.tsx';
import type { Results } from './results.ts';
import { goTo } from './route.ts';
import { type Loaded, useCommand } from './use-command.ts';

/** Shows the item with its faults, and lets a person edit it. */
export function ItemTab({ id }: { readonly id: string }) {
  const item = useCommand('subscriptions-get', { subscription: id });
  const check = useCommand('subscriptions-check', { subscription: id });
  const [edits, setEdits] = useState(false);
  const [done, setDone] = useState<string>();
  const reload = (): void => {
    item.reload();
    check.reload();
  };
  return (
    <>
      <Faults check={check} />
      <Content of={item} what="the item">
        {(stored) =>
          edits ? (
            <Editor
              before={stored}
              notes={item.notes}
              onEnd={(said) => {
                setDone(said);
                setEdits(false);
                reload();
              }}
            />
          ) : (
            <>
              {done !== undefined && <Done>{done}</Done>}
              {item.notes.map((note) => (
                <p key={note} class="hint">
                  {note}
                </p>
              ))}
              <pre class="item">{textOf(stored)}</pre>
              <div class="buttons">
                <button type="button" class="primary" onClick={() => setEdits(true)}>
                  Edit
                </button>
              </div>
            </>
          )
        }
      </Content>
    </>
  );
}

function Faults({ check }: { readonly check: Loaded<Results['subscriptions-check']> }) {
  const faults = check.result?.refused.flatMap((refused) => refused.faults) ?? [];
  // A check that finds faults ends as a failed command, with its result.
  if (check.result === undefined) return check.failed === undefined ? null : <Failed>{check.failed}</Failed>;
  if (faults.length === 0) return <p class="hint">The item has no fault by the rules of this version.</p>;
  return (
    <div class="failed" role="alert">
      <p>This item is refused. The subscription is paused at its next message.</p>
      <ul>
        {faults.map(({ path, reason }) => (
          <li key={`${path} ${reason}`}>
            <code>{path}</code> {reason}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The page of a subscription that does not exist yet. */
export function NewSubscription() {
  return (
    <>
      <h1 tabIndex={-1}>New subscription</h1>
      <Editor onEnd={(_, id) => goTo(id === undefined ? '/' : subscriptionAddress(id, 'item'))} />
    </>
  );
}
