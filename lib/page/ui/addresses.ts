// The addresses of the page's views, for links between them.
import { pageAddress } from './route.ts';

/** The address of a subscription's view; `tab`: the tab that it opens. */
export const subscriptionAddress = (id: string, tab?: string): string =>
  pageAddress('/subscription', { id, tab });

/** The address of a message's page. */
export const messageAddress = (id: string): string => pageAddress('/message', { id });
