// The hosts of Amazon MSK's brokers. A token of AWS_MSK_IAM signs in as the role of the function for a quarter of an hour, at
// every cluster that trusts the role. So only MSK may get one.

// https://docs.aws.amazon.com/msk/latest/developerguide/msk-get-bootstrap-brokers.html
const HOST =
  /^(?:[a-z0-9-]+\.)+kafka(?:-serverless)?\.(?<region>[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2})\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/i;

/** The region of a broker of Amazon MSK, by the name of its host; undefined for any other host. */
export const mskRegionOf = (host: string): string | undefined =>
  HOST.exec(host)?.groups?.region?.toLowerCase();
