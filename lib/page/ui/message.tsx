// One message, by its webhook-id or by the id that SQS gave its publisher.
import { messageAddress } from './addresses.ts';
import { Copy, Empty, Foreign } from './parts.tsx';
import { goTo, type PagePlace } from './route.ts';
import { MessageWay } from './way.tsx';

/** Shows the message that the address names, or asks for one. */
export function MessagePage({ place: { parameters } }: { readonly place: PagePlace }) {
  const id = parameters.get('id') ?? '';
  function find(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget;
    const wanted = form instanceof HTMLFormElement ? new FormData(form).get('id') : '';
    if (typeof wanted === 'string' && wanted.trim() !== '') goTo(messageAddress(wanted.trim()));
  }
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>{id === '' ? 'Message' : <Foreign>{id}</Foreign>}</h1>
        {id !== '' && <Copy text={id} />}
      </div>
      <form class="tools" onSubmit={find}>
        <input
          type="search"
          name="id"
          aria-label="The id of a message: its webhook-id or its SQS message id"
          placeholder="Find a message by its id"
          defaultValue={id}
        />
        <button type="submit">Find</button>
      </form>
      {id === '' ? (
        <Empty>
          Give the webhook-id of a message, or the id that SQS gave its publisher, to see its whole way.
        </Empty>
      ) : (
        <MessageWay key={id} id={id} />
      )}
    </>
  );
}
