// The region that a stage is deployed to, by the same rule as the CLI's: `--region`, AWS_REGION, AWS_DEFAULT_REGION, the
// profile's.
import {
  isThisMachine,
  LOCAL_REGION,
  regionFault,
  saidRegion,
  sdkRegionFault,
} from '#lib/deployment/stage-and-region.ts';

export type RegionAnswer =
  | { readonly ok: true; readonly region: string }
  | { readonly ok: false; readonly fault: string };

type Asked = {
  readonly option: string | undefined;
  readonly profile: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Whether the stage is one of an emulated AWS by its name. */
  readonly isLocal: boolean;
  /** Whether a missing region is a fault. Otherwise us-east-1, for commands that reach no AWS. */
  readonly mustBe: boolean;
};

/** Finds the region of a deployment, or the fault of it: the option, the environment, then the profile. Never guesses on AWS. */
export async function regionFor({ option, profile, env, isLocal, mustBe }: Asked): Promise<RegionAnswer> {
  const said = saidRegion(option, env);
  if (said !== undefined) {
    const isEmulated = isLocal || Boolean(env.AWS_ENDPOINT_URL);
    const fault = regionFault(said, { isEmulated });
    if (fault !== undefined) return { ok: false, fault };
    // The serverless CLI accepts only regions of AWS, but an emulated AWS may have another one, as in the README. The package
    // is the same for all regions, so it is made with a region of AWS.
    const isOfAws = regionFault(said, { isEmulated: false }) === undefined;
    return { ok: true, region: isOfAws || mustBe ? said : LOCAL_REGION };
  }
  if (isThisMachine(env.AWS_ENDPOINT_URL) || !mustBe) return { ok: true, region: LOCAL_REGION };
  return await regionOfProfile(profile);
}

/** The region of the profile in the AWS configuration, as the SDK finds it. */
async function regionOfProfile(profile: string | undefined): Promise<RegionAnswer> {
  const { SQSClient } = await import('@aws-sdk/client-sqs');
  const client = new SQSClient(profile === undefined ? {} : { profile });
  try {
    const region = await client.config.region();
    const fault = regionFault(region, { isEmulated: false });
    return fault === undefined ? { ok: true, region } : { ok: false, fault };
  } catch (error) {
    const fault = error instanceof Error ? sdkRegionFault(error) : undefined;
    if (fault === undefined) throw error;
    return { ok: false, fault };
  } finally {
    client.destroy();
  }
}
