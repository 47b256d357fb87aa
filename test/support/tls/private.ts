// A private authority and its certificates in files that other programs wrote: see private/README.md.
import { readFileSync } from 'node:fs';

const read = (file: string): Buffer => readFileSync(new URL(`./private/${file}`, import.meta.url));
export const pem = (file: string): string => read(file).toString();
/** Reads a PKCS#12 store in the form in which an item holds it. */
export const store = (file: string): string => read(file).toString('base64');
export const STORE_PASSWORD = 'changeit';

/** The TLS options of a callback server. With `asksForCertificate` it requires a client certificate of the authority. */
export const serverTls = ({ asksForCertificate = false } = {}) => ({
  key: pem('server.key'),
  cert: pem('server.crt'),
  ...(asksForCertificate && { requestCert: true, rejectUnauthorized: true, ca: pem('ca.crt') }),
});
