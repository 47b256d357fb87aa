// Which deployment a command is for.
import { expect, test } from 'vitest';
import { placeOf } from '#lib/cli/terminal/place.ts';

const LOCAL = 'http://127.0.0.1:4566';

test.each([
  [
    'nothing said',
    {},
    {},
    { stage: 'dev', endpointUrl: undefined, region: undefined, credentials: undefined },
  ],
  ['a stage', { stage: 'prod' }, {}, { stage: 'prod', endpointUrl: undefined, credentials: undefined }],
  ['the stage local', { stage: 'local' }, {}, { stage: 'local', endpointUrl: LOCAL, region: 'us-east-1' }],
  ['a stage local-x', { stage: 'local-x' }, {}, { stage: 'local-x', endpointUrl: LOCAL }],
  ['an endpoint here', {}, { AWS_ENDPOINT_URL: LOCAL }, { stage: 'local', endpointUrl: LOCAL }],
  ['localhost', { endpointUrl: 'http://localhost:1' }, {}, { stage: 'local', region: 'us-east-1' }],
  ['an endpoint elsewhere', { endpointUrl: 'http://aws:4566' }, {}, { stage: 'dev', credentials: undefined }],
  ['both', { stage: 'dev' }, { AWS_ENDPOINT_URL: LOCAL }, { stage: 'dev', endpointUrl: LOCAL }],
  [
    'the environment',
    {},
    { WEBHOOKS_STAGE: 'a', AWS_REGION: 'eu-west-1' },
    { stage: 'a', region: 'eu-west-1' },
  ],
  [
    'an option beside it',
    { stage: 'b', region: 'eu-west-2' },
    { WEBHOOKS_STAGE: 'a', AWS_REGION: 'eu-west-1' },
    { stage: 'b', region: 'eu-west-2' },
  ],
  ['an older variable', {}, { AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-1' }, { region: 'eu-west-1' }],
  ['a made-up region', { endpointUrl: LOCAL }, { AWS_REGION: 'local' }, { region: 'local' }],
  ['credentials', { stage: 'local' }, { AWS_ACCESS_KEY_ID: 'x' }, { credentials: undefined }],
  ['a profile', { stage: 'local', profile: 'p' }, {}, { credentials: undefined, profile: 'p' }],
  [
    'empty variables',
    {},
    { WEBHOOKS_STAGE: '', AWS_ENDPOINT_URL: '' },
    { stage: 'dev', endpointUrl: undefined },
  ],
])('%s', (_, options, env, place) => {
  expect(placeOf(options, env)).toMatchObject(place);
});

test('an AWS on this machine asks for no credentials, and nothing else gets made-up ones', () => {
  expect(placeOf({ stage: 'local' }, {}).credentials).toBeDefined();
  expect(placeOf({ endpointUrl: 'http://127.0.0.1.example.com' }, {}).credentials).toBeUndefined();
  expect(placeOf({ endpointUrl: 'http://localhost.example.com' }, {}).stage).toBe('dev');
});

test.each([
  ['a region', { region: 'us east' }, {}, 'The region is "us east"; it must be the name of an AWS region'],
  ['a region', { region: 'nowhere' }, {}, 'The region is "nowhere"'],
  ['a region of the environment', {}, { AWS_DEFAULT_REGION: 'eu_west_1' }, 'The region is "eu_west_1"'],
  ['an emulated region', { stage: 'local', region: 'us east' }, {}, 'The region is "us east"'],
  ['a stage', { stage: 'my_stage' }, {}, 'The stage is "my_stage"; it must be letters, digits and hyphens'],
  [
    'an endpoint',
    { endpointUrl: '127.0.0.1:4566' },
    {},
    'The endpoint is "127.0.0.1:4566"; it must be a URL',
  ],
])('%s that cannot be is refused: %o', (_, options, env, sentence) => {
  expect(() => placeOf(options, env)).toThrow(sentence);
});
