// Where in the page the reader is: a path and its parameters. Ids are parameters, because an id may hold any visible ASCII
// character, slashes too.
import { useEffect, useState } from 'preact/hooks';

export type PagePlace = { readonly path: string; readonly parameters: URLSearchParams };

const here = (): PagePlace => ({ path: location.pathname, parameters: new URLSearchParams(location.search) });
const MOVED = 'page-moved';

/** The address of a place; parameters that are undefined or empty are left out. */
export function pageAddress(
  path: string,
  parameters: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(parameters).flatMap(([name, value]) => (value ? [[name, value]] : []));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** Goes to an address of this page. `replace`: without a new entry in the history. */
export function goTo(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  dispatchEvent(new Event(MOVED));
}

/** The present place; the component is drawn again when it changes. */
export function usePlace(): PagePlace {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const moved = () => setPlace(here());
    addEventListener(MOVED, moved);
    addEventListener('popstate', moved);
    return () => {
      removeEventListener(MOVED, moved);
      removeEventListener('popstate', moved);
    };
  }, []);
  return place;
}
