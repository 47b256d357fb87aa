// The deployment that a command is for: stage, region, profile and endpoint, from the options and the environment. Makes no
// client.
import { CommandFailed } from './command-failed.ts';

export type PlaceOptions = {
  readonly stage?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
};

export type Place = {
  readonly stage: string;
  /** Undefined: the profile's region. */
  readonly region: string | undefined;
  readonly profile: string | undefined;
  /** Undefined: AWS itself. */
  readonly endpointUrl: string | undefined;
  /** Any credentials do for an emulated AWS on this machine. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
};

/** The endpoint of `npm start`. */
const LOCAL_ENDPOINT = 'http://127.0.0.1:4566';

/** Finds the place. An endpoint on this machine means the stage `local` unless another is given, and the other way round. */
export function placeOf(options: PlaceOptions, env: NodeJS.ProcessEnv): Place {
  const asked = options.stage ?? (env.WEBHOOKS_STAGE || undefined);
  if (asked !== undefined && !/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(asked)) {
    throw new CommandFailed(
      `The stage is "${asked}"; it must be letters, digits and hyphens, such as dev.`,
      2,
    );
  }
  const given = options.endpointUrl ?? (env.AWS_ENDPOINT_URL || undefined);
  const isLocalStage = asked === 'local' || asked?.startsWith('local-') === true;
  const endpointUrl = given ?? (isLocalStage ? LOCAL_ENDPOINT : undefined);
  const here = endpointUrl !== undefined && isThisMachine(endpointUrl);
  const hasCredentials = options.profile !== undefined || env.AWS_PROFILE || env.AWS_ACCESS_KEY_ID;
  return {
    stage: asked ?? (here ? 'local' : 'dev'),
    region: options.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || (here ? 'us-east-1' : undefined)),
    profile: options.profile,
    endpointUrl,
    credentials: here && !hasCredentials ? { accessKeyId: 'local', secretAccessKey: 'local' } : undefined,
  };
}

function isThisMachine(endpointUrl: string): boolean {
  const url = URL.parse(endpointUrl);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandFailed(
      `The endpoint is "${endpointUrl}"; it must be a URL such as ${LOCAL_ENDPOINT}.`,
      2,
    );
  }
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}
