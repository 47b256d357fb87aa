// `subscriptions test`: one call to the callback, from this machine, with the credentials and the signature of a delivery.
import { useState } from 'preact/hooks';
import { type Answered, runCommand } from './api.ts';
import { duration } from './numbers.ts';
import { Bar, Failed, Foreign, Labelled } from './parts.tsx';
import { Pill } from './pill.tsx';
import type { Tested } from './results.ts';
import type { TabProps } from './tab.ts';

/** Sends a test call and shows the answer. */
export function TestTab({ id }: TabProps) {
  const [body, setBody] = useState('{"test":true}');
  const [contentType, setContentType] = useState('application/json');
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answered<Tested>>();
  async function send(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setAnswer(undefined);
    setAnswer(await runCommand('subscriptions-test', { subscription: id, body, contentType }));
    setBusy(false);
  }
  return (
    <form class="narrow" onSubmit={send}>
      <p class="hint">
        The callback is called once, from this machine, with the credentials and the signature of a delivery.
        Nothing is stored, and no waiting message is sent.
      </p>
      <Labelled label="Body">
        {(ids) => (
          <textarea
            {...ids}
            rows={4}
            spellcheck={false}
            value={body}
            onInput={(event) => setBody(event.currentTarget.value)}
          />
        )}
      </Labelled>
      <Labelled label="Content type">
        {(ids) => (
          <input
            {...ids}
            value={contentType}
            onInput={(event) => setContentType(event.currentTarget.value)}
          />
        )}
      </Labelled>
      <div class="buttons start">
        <button type="submit" class="primary" disabled={busy}>
          Call the callback once
        </button>
      </div>
      {busy && <Bar what="Waiting for the answer" />}
      {answer?.result !== undefined && <Shown tested={answer.result} />}
      {answer?.ok === false && (
        <Failed>
          <span class="lines">{answer.message}</span>
        </Failed>
      )}
    </form>
  );
}

function Shown({
  tested: { outcome, status, code, message, durationMs, headers, excerpt, webhookId },
}: {
  readonly tested: Tested;
}) {
  return (
    <section class="state" role="status">
      <p>
        <Pill word={outcome} /> <Foreign>{message}</Foreign>, after {duration(durationMs)}.
      </p>
      <dl>
        <div>
          <dt>Status</dt>
          <dd>{status ?? code ?? 'none'}</dd>
        </div>
        <div>
          <dt>webhook-id</dt>
          <dd>{webhookId}</dd>
        </div>
        <div>
          <dt>Sent with</dt>
          <dd>{headers.join(', ')}</dd>
        </div>
      </dl>
      {excerpt !== undefined && <pre>{excerpt}</pre>}
    </section>
  );
}
