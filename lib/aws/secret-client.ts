// What of Secrets Manager's client is used, as a file of its own: it is imported with the first secret, because most
// invocations need none, and the import would lengthen every cold start.
export { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
