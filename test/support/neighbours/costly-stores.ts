// Key stores and trust stores that are small to send and take long to open: they ask for billions of rounds of a hash, or
// repeat the line at which a search begins.
import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

type Asn1 = forge.asn1.Asn1;
const { asn1 } = forge;

/** A PKCS#12 store whose MAC asks for this many rounds. In base64. */
export function pkcs12WithMacRounds(rounds: number, password: string): string {
  const store = storeOf(password, true);
  const macData = childrenOf(store)[2];
  if (macData === undefined) throw new Error('the store has no MAC');
  // digest, salt, iterations
  childrenOf(macData)[2] = integer(rounds);
  return base64Of(store);
}

/** A PKCS#12 store without a MAC whose key asks for this many rounds. In base64. */
export function pkcs12WithKeyRounds(rounds: number, password: string): string {
  const store = storeOf(password, false);
  setRounds(store, rounds);
  return base64Of(store);
}

/** An encrypted private key in PEM whose key derivation asks for this many rounds. */
export function encryptedPemWithRounds(rounds: number, passphrase: string): string {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der', cipher: 'aes-128-cbc', passphrase },
  });
  const encrypted = asn1.fromDer(privateKey.toString('latin1'));
  setRounds(encrypted, rounds);
  const lines = base64Of(encrypted).replace(/.{64}/g, '$&\n');
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${lines}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
}

/** A PEM trust store of lines that begin a certificate, none of which ends. */
export function beginLines(bytes: number): string {
  const line = '-----BEGIN CERTIFICATE-----\n';
  return line.repeat(Math.floor(bytes / line.length));
}

function storeOf(password: string, useMac: boolean): Asn1 {
  const { publicKey, privateKey } = forge.pki.rsa.generateKeyPair(1024);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.sign(privateKey, forge.md.sha256.create());
  return forge.pkcs12.toPkcs12Asn1(privateKey, [certificate], password, {
    algorithm: 'aes128',
    count: 1,
    useMac,
  });
}

/** Changes every PBKDF2 in the structure, those in structures that are kept as bytes too. */
function setRounds(node: Asn1, rounds: number): void {
  if (typeof node.value === 'string') {
    const inner = node.type === asn1.Type.OCTETSTRING ? structureIn(node.value) : undefined;
    if (inner === undefined) return;
    setRounds(inner, rounds);
    node.value = asn1.toDer(inner).getBytes();
    return;
  }
  const [first, parameters] = node.value;
  if (first?.type === asn1.Type.OID && parameters !== undefined && isPbkdf2(first)) {
    // salt, iterations
    childrenOf(parameters)[1] = integer(rounds);
    return;
  }
  for (const child of node.value) setRounds(child, rounds);
}

const isPbkdf2 = ({ value }: Asn1): boolean =>
  typeof value === 'string' && asn1.derToOid(value) === '1.2.840.113549.1.5.12';

function structureIn(bytes: string): Asn1 | undefined {
  // 0x30 begins a sequence. Encrypted bytes and salts may begin with 0x30 too, but can't be parsed as a sequence.
  if (bytes.charCodeAt(0) !== 0x30) return undefined;
  try {
    return asn1.fromDer(bytes);
  } catch {
    return undefined;
  }
}

function childrenOf(node: Asn1): Asn1[] {
  if (typeof node.value === 'string') throw new Error('this part of the store has no parts of its own');
  return node.value;
}

const integer = (value: number): Asn1 =>
  asn1.create(asn1.Class.UNIVERSAL, asn1.Type.INTEGER, false, asn1.integerToDer(value).getBytes());

const base64Of = (node: Asn1): string =>
  Buffer.from(asn1.toDer(node).getBytes(), 'latin1').toString('base64');
