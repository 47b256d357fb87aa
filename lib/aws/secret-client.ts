// The classes of Secrets Manager's client that the functions use. They have a file of their own, because it is imported only
// for the first secret: most invocations need no secret, and the import would lengthen every cold start.
export { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
