// A certificate that OpenSSL's default security level refuses: its RSA key has 1,024 bits. Made when a test needs it.
import forge from 'node-forge';

/** A self-signed certificate for a name, and its key, as PEM. */
export function weakCertificate(name: string): { readonly key: string; readonly cert: string } {
  const keys = forge.pki.rsa.generateKeyPair(1_024);
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
