// The addresses of the page's views, for links between them.
import { pageAddress } from './route.ts';

/** The address of a subscription's page; `tab`: one of its parts. */
export const subscriptionAddress = (id: string, tab?: string): string =>
  pageAddress('/subscription', { id, tab });
