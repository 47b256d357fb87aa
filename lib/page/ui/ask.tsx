// The question before something is done, in a dialog.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Failed, Labelled } from './parts.tsx';

export type Question = {
  readonly title: string;
  /** What is going to happen, and to how many. */
  readonly text: ComponentChildren;
  /** The text on the button. */
  readonly yes: string;
  readonly danger?: boolean;
  /** Asked together with the question. */
  readonly field?: { readonly label: string; readonly hint: string };
  /** Returns a sentence why it failed, or undefined. */
  readonly act: (field: string) => Promise<string | undefined>;
};

/** Asks once before something is done. Escape and Cancel leave everything as it is. */
export function Ask({ question, onClose }: { readonly question: Question; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string>();
  const [field, setField] = useState('');
  const titleId = useId();
  useEffect(() => dialog.current?.showModal(), []);
  async function act(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const why = await question.act(field);
    setBusy(false);
    setFailed(why);
    if (why === undefined) dialog.current?.close();
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby={titleId}>
      <form onSubmit={act}>
        <h2 id={titleId}>{question.title}</h2>
        <div class="text">{question.text}</div>
        {question.field !== undefined && (
          <Labelled label={question.field.label} hint={question.field.hint}>
            {(ids) => (
              <input
                {...ids}
                value={field}
                maxLength={500}
                onInput={(event) => setField(event.currentTarget.value)}
              />
            )}
          </Labelled>
        )}
        {failed !== undefined && <Failed>{failed}</Failed>}
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={question.danger === true ? 'danger' : 'primary'} disabled={busy}>
            {question.yes}
          </button>
        </div>
      </form>
    </dialog>
  );
}
