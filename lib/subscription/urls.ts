// Where the requests of a subscription go: its callback, its token endpoint, its proxy.
import type { Subscription } from './subscription.ts';

/** The URLs that a subscription's requests go to, without those inside secrets, which are not read here. */
export function urlsOf({ callbackUrl, auth, proxy }: Subscription): { path: string; url: string }[] {
  const urls = [{ path: 'configuration.callbackUrl', url: callbackUrl }];
  if (auth?.type === 'oauth2' && auth.oauth2 !== undefined)
    urls.push({ path: 'configuration.auth.oauth2.endpoint', url: auth.oauth2.endpoint });
  if (auth?.type === 'jwtProfileOauth2' && auth.jwtProfileOauth2 !== undefined)
    urls.push(
      auth.jwtProfileOauth2.endpoint === undefined
        ? { path: 'configuration.auth.jwtProfileOauth2.audience', url: auth.jwtProfileOauth2.audience }
        : { path: 'configuration.auth.jwtProfileOauth2.endpoint', url: auth.jwtProfileOauth2.endpoint },
    );
  if (proxy?.enabled === true && proxy.host !== undefined)
    urls.push({ path: 'configuration.proxy.host', url: `http://${proxy.host}` });
  return urls;
}
