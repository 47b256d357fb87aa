// Small parts that every page is made of.
import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { ago, exact } from './numbers.ts';
import type { Loaded } from './use-command.ts';

type Children = { readonly children: ComponentChildren };

/**
 * A text from an item, a message or an answer. If it is written from right to left, the rest of the line is not affected.
 */
export function Foreign({ children }: Children) {
  return <bdi>{children}</bdi>;
}

/** How long ago, with the exact time for whoever asks. */
export function Ago({ at }: { readonly at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {ago(at)}
    </time>
  );
}

/** A sentence where there would be content. */
export function Empty({ children }: Children) {
  return <p class="empty">{children}</p>;
}

/** What went wrong, read out at once by a screen reader. */
export function Failed({ children }: Children) {
  return (
    <p class="failed" role="alert">
      {children}
    </p>
  );
}

/** What was done, read out when the reader pauses. */
export function Done({ children }: Children) {
  return (
    <p class="done" role="status">
      {children}
    </p>
  );
}

/** A progress bar. It moves without a value if the total is not known. */
export function Bar({
  what,
  done,
  total,
  note,
}: {
  readonly what: string;
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  readonly note?: string | undefined;
}) {
  const id = useId();
  const figures = done === undefined ? '' : total === undefined ? `: ${done}` : `: ${done} of ${total}`;
  return (
    <div class="bar" role="status">
      <label for={id}>
        {what}
        {figures}
        {note === undefined ? '' : ` · ${note}`}
      </label>
      <progress id={id} {...(total !== undefined && total > 0 && { value: done, max: total })} />
    </div>
  );
}

/**
 * Shows the result of a command. While the command runs, it shows a sentence that says so, and after a failure the reason.
 */
export function Content<T>({
  of,
  what,
  children,
}: {
  readonly of: Loaded<T>;
  readonly what: string;
  readonly children: (result: T) => ComponentChildren;
}) {
  const { result, failed, progress, loading } = of;
  return (
    <>
      {failed !== undefined && (
        <Failed>
          {failed}{' '}
          <button type="button" onClick={of.reload}>
            Try again
          </button>
        </Failed>
      )}
      {result === undefined && failed === undefined && loading && (
        <Bar what={`Reading ${what}`} done={progress?.done} total={progress?.total} />
      )}
      {result !== undefined && children(result)}
    </>
  );
}

/** A field with its label above and a hint below. */
export function Labelled({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly children: (ids: { readonly id: string; readonly 'aria-describedby'?: string }) => JSX.Element;
}) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(hint === undefined ? { id } : { id, 'aria-describedby': hintId })}
      {hint !== undefined && (
        <small id={hintId} class="hint">
          {hint}
        </small>
      )}
    </div>
  );
}

/** A button that copies a text, and shows that it was copied. */
export function Copy({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <button type="button" class="small" onClick={copy}>
      {copied ? 'Copied' : 'Copy'}
    </button>
  );
}
