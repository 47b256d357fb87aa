// Publishes a message as `webhooks publish` does, and shows where it went.
import { useState } from 'preact/hooks';
import { runCommand } from './api.ts';
import { Bar, Done, Failed, Labelled } from './parts.tsx';
import { MessageWay } from './way.tsx';

const EMPTY = {
  topic: '',
  subscription: '',
  body: '{"order": 1}',
  contentType: 'application/json',
  id: '',
  group: '',
  key: '',
  headers: '',
};
type Form = typeof EMPTY;

/** Shows the form, and the way of the message that was published last. */
export function PublishPage() {
  const [form, setForm] = useState<Form>(EMPTY);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string>();
  const [published, setPublished] = useState<string>();
  const input = (name: keyof Form) => ({
    value: form[name],
    onInput: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
      setForm({ ...form, [name]: event.currentTarget.value }),
  });
  async function publish(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setPublished(undefined);
    const { headers, ...fields } = form;
    const given = Object.entries(fields).filter(([name, value]) => name === 'body' || value !== '');
    const header = headers.split('\n').filter((line) => line.trim() !== '');
    const answer = await runCommand('publish', { ...Object.fromEntries(given), header });
    setBusy(false);
    setFailed(answer.ok ? undefined : answer.message);
    if (answer.ok) setPublished(answer.result.messages[0]?.id);
  }
  return (
    <>
      <h1 tabIndex={-1}>Publish</h1>
      <form onSubmit={publish}>
        <div class="grid">
          <Labelled label="Topic" hint="To all its subscriptions.">
            {(ids) => <input {...ids} {...input('topic')} />}
          </Labelled>
          <Labelled label="Subscription" hint="To this one only.">
            {(ids) => <input {...ids} {...input('subscription')} />}
          </Labelled>
          <Labelled label="Id" hint="Prevents a second delivery. Empty: the id of SQS.">
            {(ids) => <input {...ids} {...input('id')} />}
          </Labelled>
          <Labelled label="Message group" hint="Messages of a group keep their order.">
            {(ids) => <input {...ids} {...input('group')} />}
          </Labelled>
          <Labelled
            label="Key"
            hint="Messages of a key keep their order, where a subscription orders by key."
          >
            {(ids) => <input {...ids} {...input('key')} />}
          </Labelled>
          <Labelled label="Content type">{(ids) => <input {...ids} {...input('contentType')} />}</Labelled>
        </div>
        <Labelled label="Body">
          {(ids) => <textarea {...ids} rows={6} spellcheck={false} {...input('body')} />}
        </Labelled>
        <Labelled label="Headers" hint="One a line, as “x-tenant: acme”.">
          {(ids) => <textarea {...ids} rows={2} spellcheck={false} {...input('headers')} />}
        </Labelled>
        <div class="buttons start">
          <button type="submit" class="primary" disabled={busy}>
            Publish 1 message
          </button>
        </div>
      </form>
      {busy && <Bar what="Publishing" />}
      {failed !== undefined && (
        <Failed>
          <span class="lines">{failed}</span>
        </Failed>
      )}
      {published !== undefined && (
        <>
          <Done>
            Published with the id <code>{published}</code>.
          </Done>
          <MessageWay key={published} id={published} />
        </>
      )}
    </>
  );
}
