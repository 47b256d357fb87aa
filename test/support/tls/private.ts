// A private authority and its certificates, as files that other programs wrote: see private/README.md.
import { readFileSync } from 'node:fs';

const read = (file: string): Buffer => readFileSync(new URL(`./private/${file}`, import.meta.url));
export const pem = (file: string): string => read(file).toString();
/** A PKCS#12 store, as an item holds it. */
export const store = (file: string): string => read(file).toString('base64');
export const STORE_PASSWORD = 'changeit';

/** A callback server's side of TLS; it asks for a client's certificate of the authority where it is to. */
export const serverTls = ({ asksForCertificate = false } = {}) => ({
  key: pem('server.key'),
  cert: pem('server.crt'),
  ...(asksForCertificate && { requestCert: true, rejectUnauthorized: true, ca: pem('ca.crt') }),
});
