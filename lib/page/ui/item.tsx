// Shows a subscription's item, and lets a person edit it with help from the schema. It is checked as by `subscriptions put`,
// and put after its
// changes were shown.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { subscriptionAddress } from './addresses.ts';
import { runCommand } from './api.ts';
import { Ask, type Question } from './ask.tsx';
import { changesIn, diffOf } from './line-diff.ts';
import { Bar, Content, Done, Empty, Failed, Foreign } from './parts.tsx';
import type { Results, ShownItem } from './results.ts';
import { goTo } from './route.ts';
import { type FieldHelp, helpAt, pathAt } from './schema-help.ts';
import { type Loaded, useCommand } from './use-command.ts';
import { visible } from './visible.ts';

const NEW_ITEM = {
  id: 'acme-orders',
  topic: 'orders',
  qos: 'auto',
  configuration: { entrypointId: 'webhook-advanced', callbackUrl: 'https://' },
};

/** Formats JSON for display and editing. Invisible characters are escaped, which does not change the value. */
const textOf = (item: ShownItem): string =>
  JSON.stringify(item, null, 2).replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );

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

function Editor({
  before,
  notes = [],
  onEnd,
}: {
  readonly before?: ShownItem;
  readonly notes?: readonly string[];
  /** With what was done, or without when nothing was. */
  readonly onEnd: (said?: string, id?: string) => void;
}) {
  const start = useMemo(() => textOf(before ?? NEW_ITEM), [before]);
  const [text, setText] = useState(start);
  const [caret, setCaret] = useState(0);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string>();
  const [question, setQuestion] = useState<Question>();
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.focus(), []);
  const request = (dryRun: boolean) => ({ item: text, dryRun, ...(before !== undefined && { before }) });

  async function check(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const answer = await runCommand('subscriptions-put', request(true));
    setBusy(false);
    setFailed(answer.ok ? undefined : answer.message);
    if (!answer.ok) return;
    const [planned] = answer.result;
    setQuestion({
      title: before === undefined ? `Register ${planned?.id}?` : `Change the item of ${planned?.id}?`,
      text: (
        <>
          <p>
            The item is valid.{' '}
            {before === undefined ? 'One subscription is added.' : 'One subscription is changed:'}
          </p>
          <Diff before={before === undefined ? '' : start} after={text} />
          {planned?.secrets.map(({ path, secret }) => (
            <p key={path}>
              <code>{path}</code> is moved into the secret <code>{secret}</code>.
            </p>
          ))}
        </>
      ),
      yes: before === undefined ? 'Register 1 subscription' : 'Change 1 subscription',
      async act() {
        const put = await runCommand('subscriptions-put', request(false));
        if (!put.ok) return put.message;
        onEnd(put.said, put.result[0]?.id);
        return undefined;
      },
    });
  }

  return (
    <form class="editor" onSubmit={check}>
      {notes.map((note) => (
        <p key={note} class="hint">
          {note} The stored ones are kept if you leave their place as it is.
        </p>
      ))}
      <div class="columns">
        <div>
          <label for="item-text">Item, in JSON or YAML</label>
          <textarea
            id="item-text"
            ref={area}
            spellcheck={false}
            dir="ltr"
            value={text}
            rows={Math.min(40, text.split('\n').length + 1)}
            onInput={(event) => setText(event.currentTarget.value)}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
            onKeyUp={(event) => setCaret(event.currentTarget.selectionStart)}
            onClick={(event) => setCaret(event.currentTarget.selectionStart)}
          />
        </div>
        <SchemaHelp text={text} caret={caret} />
      </div>
      {failed !== undefined && (
        <Failed>
          <span class="lines">{failed}</span>
        </Failed>
      )}
      {busy && <Bar what="Checking the item" />}
      <div class="buttons">
        <button type="button" onClick={() => onEnd()}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={busy || text === start}>
          Check and show the changes
        </button>
      </div>
      {question !== undefined && <Ask question={question} onClose={() => setQuestion(undefined)} />}
    </form>
  );
}

function Diff({ before, after }: { readonly before: string; readonly after: string }) {
  const lines = changesIn(diffOf(before, after));
  const signs = { same: ' ', gone: '-', new: '+' } as const;
  return (
    <section class="diff" aria-label="What changes">
      {lines.map((line, at) =>
        line === undefined ? (
          <div key={at}>…</div>
        ) : (
          <div key={at} class={line.kind}>
            <span class="unseen">
              {line.kind === 'same' ? '' : `${line.kind === 'new' ? 'added' : 'removed'}: `}
            </span>
            {signs[line.kind]} {visible(line.text)}
          </div>
        ),
      )}
    </section>
  );
}

type Schema = Parameters<typeof helpAt>[0];

function SchemaHelp({ text, caret }: { readonly text: string; readonly caret: number }) {
  const [schema, setSchema] = useState<Schema | 'missing'>();
  useEffect(() => {
    fetch('/subscription.schema.json')
      .then(async (answer) => setSchema((await answer.json()) as Schema))
      .catch(() => setSchema('missing'));
  }, []);
  const help = useMemo(
    () => (typeof schema === 'object' ? helpAt(schema, pathAt(text, caret)) : undefined),
    [schema, text, caret],
  );
  if (schema === 'missing') return <Empty>The help on fields could not be loaded.</Empty>;
  if (help === undefined) return <Empty>Loading the help on fields.</Empty>;
  return (
    <aside class="help" aria-label="Help on the field at the cursor">
      {help.field === undefined ? (
        <p class="hint">Move the cursor to a field: what it means is shown here.</p>
      ) : (
        <FieldLine field={help.field} isCurrent />
      )}
      {help.beside.length > 0 && (
        <details>
          <summary>All fields of this object ({help.beside.length})</summary>
          {help.beside.map((field) => (
            <FieldLine key={field.name} field={field} />
          ))}
        </details>
      )}
    </aside>
  );
}

function FieldLine({
  field: { name, description, values },
  isCurrent = false,
}: {
  readonly field: FieldHelp;
  readonly isCurrent?: boolean;
}) {
  return (
    <p class={isCurrent ? 'current' : undefined}>
      <code>{name}</code> <span class="hint">{values}</span>
      <br />
      <Foreign>{description}</Foreign>
    </p>
  );
}
