// Self-signed certificates with an RSA key, made when a test needs one.
import forge from 'node-forge';

/** A certificate for a name, and its key, as PEM. OpenSSL's default security level refuses a key of 1,024 bits. */
export function selfSigned(
  name: string,
  { bits }: { readonly bits: number },
): { readonly key: string; readonly cert: string } {
  const keys = forge.pki.rsa.generateKeyPair(bits);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.validity.notAfter = new Date(Date.now() + 24 * 3_600_000);
  const subject = [{ name: 'commonName', value: name }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }]);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  return { key: forge.pki.privateKeyToPem(keys.privateKey), cert: forge.pki.certificateToPem(certificate) };
}
