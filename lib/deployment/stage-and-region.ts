// Which stage and which region: one rule for the deployment and for the CLI.

/** `local` and `local-…` are stages of an emulated AWS. */
export const isLocalStage = (stage: string): boolean => stage === 'local' || stage.startsWith('local-');

/** Returns a sentence about the fault of a stage's name; undefined for a valid name. The length is checked at packaging. */
export function stageFault(stage: string): string | undefined {
  if (/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(stage)) return undefined;
  return `The stage is ${JSON.stringify(stage)}; it must be letters, digits and hyphens, such as dev.`;
}

/** The first that is said: `--region`, AWS_REGION, AWS_DEFAULT_REGION. undefined leaves it to the profile. */
export const saidRegion = (option: string | undefined, env: NodeJS.ProcessEnv): string | undefined =>
  option || env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined;

/** The region of an AWS that is emulated on this machine, where none is said. */
export const LOCAL_REGION = 'us-east-1';

/** Returns a sentence about the SDK's error for a missing or invalid region; undefined for any other error. */
export function sdkRegionFault({ message }: Error): string | undefined {
  // The SDK gives these errors no name of their own.
  if (message === 'Region is missing') return NO_REGION;
  if (!message.startsWith('Region not accepted')) return undefined;
  return `The region of the AWS profile is no name of an AWS region (${message}): correct the profile, or give --region.`;
}

const NO_REGION = 'No AWS region is said: give --region, or set AWS_REGION.';

/**
 * Returns a sentence about the fault of a region's name; undefined for a valid name. It does not check whether AWS has the
 * region. An emulated AWS takes any name that can be a part of a host name.
 */
export function regionFault(
  region: string,
  { isEmulated }: { readonly isEmulated: boolean },
): string | undefined {
  const form = isEmulated ? /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/ : /^[a-z]{2,8}(-[a-z]+)+-\d{1,2}$/;
  if (form.test(region)) return undefined;
  return `The region is ${JSON.stringify(region)}; it must be the name of an AWS region, such as eu-central-1.`;
}

/** Whether the URL leads to this machine. False for what is no URL. */
export const isThisMachine = (url: string | undefined): boolean =>
  /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(URL.parse(url ?? '')?.hostname ?? '');
