// Edits a subscription's item. `subscriptions put` checks it, and puts it after its changes were shown.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { runCommand } from './api.ts';
import { Ask, type Question } from './ask.tsx';
import { SchemaHelp } from './field-help.tsx';
import { changesIn, diffOf } from './line-diff.ts';
import { Bar, Failed } from './parts.tsx';
import type { ShownItem } from './results.ts';
import { visible } from './visible.ts';

const NEW_ITEM = {
  id: 'acme-orders',
  topic: 'orders',
  qos: 'auto',
  configuration: { entrypointId: 'webhook-advanced', callbackUrl: 'https://' },
};

/** Formats JSON for display and editing. Invisible characters are escaped, which does not change the value. */
export const textOf = (item: ShownItem): string =>
  JSON.stringify(item, null, 2).replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );

/** Edits an item; without `before`, a new one. It is put after a dry run has checked it and its changes were shown. */
export function Editor({
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
