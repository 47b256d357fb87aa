// The deployment that a command is for: stage, region, profile and endpoint, from the options and the environment. Makes no
// client.
import {
  isLocalStage,
  isThisMachine,
  LOCAL_REGION,
  regionFault,
  saidRegion,
  stageFault,
} from '#lib/deployment/stage-and-region.ts';
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
  refuse(asked === undefined ? undefined : stageFault(asked));
  const given = options.endpointUrl ?? (env.AWS_ENDPOINT_URL || undefined);
  const endpointUrl = given ?? (asked !== undefined && isLocalStage(asked) ? LOCAL_ENDPOINT : undefined);
  if (endpointUrl !== undefined) checkEndpoint(endpointUrl);
  const here = isThisMachine(endpointUrl);
  const region = saidRegion(options.region, env) ?? (here ? LOCAL_REGION : undefined);
  refuse(region === undefined ? undefined : regionFault(region, { isEmulated: endpointUrl !== undefined }));
  const hasCredentials = options.profile !== undefined || env.AWS_PROFILE || env.AWS_ACCESS_KEY_ID;
  return {
    stage: asked ?? (here ? 'local' : 'dev'),
    region,
    profile: options.profile,
    endpointUrl,
    credentials: here && !hasCredentials ? { accessKeyId: 'local', secretAccessKey: 'local' } : undefined,
  };
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new CommandFailed(fault, 2);
}

function checkEndpoint(endpointUrl: string): void {
  if (/^https?:$/.test(URL.parse(endpointUrl)?.protocol ?? '')) return;
  refuse(`The endpoint is "${endpointUrl}"; it must be a URL such as ${LOCAL_ENDPOINT}.`);
}
