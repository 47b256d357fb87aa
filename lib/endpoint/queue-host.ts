// Which hosts an SQS queue's URL may name. A call to SQS goes to the host of the URL, signed with the function's credentials
// and with their session token, so another host, or plain http, would give them away. Pure.

/** Where queues may be beside AWS: the endpoint of an emulated AWS, on a local stage; undefined on AWS. */
export type QueueHosts = { readonly emulator: string | undefined };

const REGION = '(?<region>[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2})';
const CHINA = String.raw`(?:\.cn)?`;
/** https://docs.aws.amazon.com/general/latest/gr/sqs-service.html */
const AWS = [
  // The regional endpoint, and its FIPS variant.
  String.raw`sqs(?:-fips)?\.${REGION}\.amazonaws\.com${CHINA}`,
  // Dual-stack.
  String.raw`sqs(?:-fips)?\.${REGION}\.api\.aws`,
  String.raw`sqs\.${REGION}\.api\.amazonwebservices\.com\.cn`,
  // Legacy; the one without a region is us-east-1's.
  String.raw`${REGION}\.queue\.amazonaws\.com${CHINA}`,
  String.raw`queue\.amazonaws\.com`,
  // A VPC's interface endpoint, also the one of a single zone.
  String.raw`vpce-[0-9a-z-]+\.sqs\.${REGION}\.vpce\.amazonaws\.com${CHINA}`,
].map((form) => new RegExp(`^${form}$`));

/** The region of an AWS host; undefined when its name contains none. `legacy` is us-east-1's. */
export function regionOfHost(hostname: string): string | undefined {
  if (hostname === 'queue.amazonaws.com') return 'us-east-1';
  for (const form of AWS) {
    const region = form.exec(hostname)?.groups?.region;
    if (region !== undefined) return region;
  }
  return undefined;
}

/** Why a queue may not be at this URL, as a sentence without its text; undefined when it may. */
export function refusalOfQueueUrl(queueUrl: string, { emulator }: QueueHosts): string | undefined {
  const url = URL.parse(queueUrl);
  if (url === null) return 'is not a URL';
  if (emulator !== undefined && isSameOrigin(url, URL.parse(emulator))) return undefined;
  if (url.protocol !== 'https:') return `must be an https URL${ADVICE}`;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return `must be a host and a path${ADVICE}`;
  if (url.port !== '' || !AWS.some((form) => form.test(url.hostname)))
    return `must name a host of AWS, such as sqs.eu-west-1.amazonaws.com${ADVICE}`;
  if (!QUEUE_PATH.test(url.pathname)) return `must have a path of an account and a name${ADVICE}`;
  return undefined;
}

const QUEUE_PATH = /^\/\d{12}\/[\w-]{1,80}(\.fifo)?$/;
const ADVICE = ': copy it from SQS, or give queueArn';

/** An emulator on this machine is called by any of its names. */
function isSameOrigin(one: URL, other: URL | null): boolean {
  return other !== null && one.protocol === other.protocol && placeOf(one) === placeOf(other);
}

const placeOf = ({ hostname, port, protocol }: URL): string =>
  `${/^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname) ? 'localhost' : hostname}:${port || protocol}`;
