// The links of the page: to any view, to a subscription, to a message.
import type { ComponentChildren } from 'preact';
import { messageAddress, subscriptionAddress } from './addresses.ts';
import { Foreign } from './parts.tsx';
import { goTo } from './route.ts';

/** A link to another view of this page. With a modifier key, the browser opens the link in a new tab or window, as usual. */
export function Link({
  to,
  children,
  current,
}: {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly current?: boolean;
}) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <a href={to} onClick={follow} {...(current && { 'aria-current': 'page' })}>
      {children}
    </a>
  );
}

/** The id of a subscription, as a link to its view. */
export function SubscriptionLink({ id }: { readonly id: string }) {
  return (
    <Link to={subscriptionAddress(id)}>
      <Foreign>{id}</Foreign>
    </Link>
  );
}

/** The id of a message, as a link to its way. */
export function MessageLink({ id }: { readonly id: string }) {
  return (
    <Link to={messageAddress(id)}>
      <Foreign>{id}</Foreign>
    </Link>
  );
}
