// The token of the address. It comes in the fragment, which a browser sends to nobody, and is kept for reloads and other tabs of
// this address. It is sent in a header: a cookie of 127.0.0.1 would go to every port of this machine.

const KEY = 'token';

/**
 * Removes the token from the address, stores it in the browser, and returns it. Without one in the address it returns the
 * stored token; undefined when there is none.
 */
export function takeToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given === null) return localStorage.getItem(KEY) ?? undefined;
  localStorage.setItem(KEY, given);
  history.replaceState(null, '', `${location.pathname}${location.search}`);
  return given;
}
