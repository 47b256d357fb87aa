// The root of the page: the header, and the view that the address names.
import { render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { DeadLettersPage } from './dead-letters.tsx';
import { Link } from './links.tsx';
import { MessagePage } from './message.tsx';
import { Overview } from './overview.tsx';
import { Empty, Foreign } from './parts.tsx';
import { PublishPage } from './publish.tsx';
import { usePlace } from './route.ts';
import { SubscriptionPage } from './subscription.tsx';
import { useCommand } from './use-command.ts';
import { showTextsSafely } from './visible.ts';

const VIEWS = [
  { path: '/', name: 'Overview', View: Overview },
  { path: '/subscription', name: undefined, View: SubscriptionPage },
  { path: '/message', name: 'Message', View: MessagePage },
  { path: '/dead-letters', name: 'Dead letters', View: DeadLettersPage },
  { path: '/publish', name: 'Publish', View: PublishPage },
] as const;

function Page() {
  const place = usePlace();
  const about = useCommand('about', {});
  const main = useRef<HTMLElement>(null);
  const found = VIEWS.find(({ path }) => path === place.path);
  const subject = place.parameters.get('id') ?? place.parameters.get('tab') ?? '';
  const key = `${place.path} ${place.parameters.get('id') ?? ''}`;
  const isFirst = useRef(true);
  // After a change of the view a screen reader goes on at its title.
  useEffect(() => {
    document.title = [subject, found?.name, 'Webhooks'].filter(Boolean).join(' · ');
    if (!isFirst.current) main.current?.querySelector('h1')?.focus();
    isFirst.current = false;
  }, [key]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <span class="name">Webhooks</span>
        <nav aria-label="Pages">
          {VIEWS.map(
            ({ path, name }) =>
              name !== undefined && (
                <Link key={path} to={path} current={path === place.path}>
                  {name}
                </Link>
              ),
          )}
        </nav>
        {about.result !== undefined && (
          <span
            class="stage"
            title={[about.result.region, about.result.endpointUrl].filter(Boolean).join(', ')}
          >
            stage <Foreign>{about.result.stage}</Foreign>
          </span>
        )}
      </header>
      <main id="main" ref={main}>
        {found === undefined ? (
          <Empty>There is no page at this address.</Empty>
        ) : (
          <found.View key={key} place={place} />
        )}
      </main>
    </>
  );
}

showTextsSafely();
const root = document.getElementById('page');
if (root !== null) render(<Page />, root);
