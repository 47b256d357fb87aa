// Reads certificates and private keys in PEM (RFC 7468), and bounds what a key costs: to decrypt it, and to sign with it.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { octetsIn, readBer, TAG } from './ber.ts';
import { encryptionOf, MOST_ITERATIONS, TOO_MANY_ITERATIONS } from './encryption.ts';

/** Characters of a text: more than a secret of AWS Secrets Manager holds. */
const LONGEST_TEXT = 131_072;
const MOST_CERTIFICATES = 200;

/** Bytes of each number of a key. The time of a signature grows with its third power; 1,024 bytes are 8,192 bits. */
const LONGEST_NUMBER_BYTES = 1_024;
/** A key of PKCS#8 whose numbers are that long has 4.7 KB. */
const LONGEST_KEY_BYTES = 8_192;

type Block = { readonly label: string; readonly text: string };

/** The blocks of a text, each with its lines of BEGIN and END. In one pass, whatever the text is. */
function pemBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { readonly label: string; readonly at: number } | undefined;
  for (const { 0: line, 1: word, 2: label = '', index } of text.matchAll(
    /-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----/g,
  )) {
    if (word === 'BEGIN') open = { label, at: index };
    else if (open?.label === label) {
      blocks.push({ label, text: text.slice(open.at, index + line.length) });
      open = undefined;
    }
  }
  return blocks;
}

/** The certificates of a text; undefined when one can't be read, or when there are too many. */
export function certificatesInPem(text: string): X509Certificate[] | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const blocks = pemBlocks(text).filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length > MOST_CERTIFICATES) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block.text));
  } catch {
    return undefined;
  }
}

export type PrivateKeyRead =
  | { readonly ok: true; readonly key: KeyObject }
  /** `reason` repeats nothing of the key. */
  | { readonly ok: false; readonly reason: string };

/** Reads the first private key of a text. `passphrase`: for an encrypted one. */
export function privateKeyInPem(text: string, passphrase: string | undefined): PrivateKeyRead {
  const block =
    text.length > LONGEST_TEXT
      ? undefined
      : pemBlocks(text).find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (block === undefined) return no('is no private key in PEM');
  const isPkcs8 = block.label === 'ENCRYPTED PRIVATE KEY';
  // The older form of encryption has one iteration, always.
  const isEncrypted = isPkcs8 || /^Proc-Type: 4,ENCRYPTED/m.test(block.text);
  if (isEncrypted && passphrase === undefined)
    return no('is encrypted, and no password is given: give the key without one, in a secret, or as PKCS12');
  const der = isPkcs8 ? derOf(block) : undefined;
  const excess = der && excessOf(der);
  if (excess !== undefined) return no(excess);
  try {
    const secret = isEncrypted ? { passphrase } : {};
    // The very bytes whose iterations were read.
    const key = der
      ? createPrivateKey({ key: der, format: 'der', type: 'pkcs8', ...secret })
      : createPrivateKey({ key: block.text, format: 'pem', ...secret });
    const fault = faultOfKey(key);
    return fault === undefined ? { ok: true, key } : no(fault);
  } catch {
    return no(isEncrypted ? 'can not be decrypted with its passphrase' : 'is no private key in PEM');
  }
}

const no = (reason: string): PrivateKeyRead => ({ ok: false, reason });

const derOf = ({ label, text }: Block): Buffer =>
  Buffer.from(text.slice(`-----BEGIN ${label}-----`.length, -`-----END ${label}-----`.length), 'base64');

function excessOf(der: Buffer): string | undefined {
  const { iterations } = encryptionOf(readBer(der)?.parts[0]);
  if (iterations === undefined) return 'is encrypted by an algorithm that is not known here';
  return iterations > MOST_ITERATIONS ? TOO_MANY_ITERATIONS : undefined;
}

const KINDS: ReadonlySet<string | undefined> = new Set(['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448']);

/** Why a key is not used: its kind, or what a signature with it would cost. Undefined for a key that is used. */
export function faultOfKey(key: KeyObject): string | undefined {
  if (!KINDS.has(key.asymmetricKeyType)) return 'is of a kind that is not used: make it RSA, EC or Ed25519';
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const inside = octetsIn(readBer(der)?.parts[2]);
  const numbers = (inside && readBer(inside)?.parts.filter(({ tag }) => tag === TAG.integer)) ?? [];
  const isLong = numbers.some(({ content }) => content.length > LONGEST_NUMBER_BYTES + 1);
  if (der.length > LONGEST_KEY_BYTES || isLong) return `is longer than ${LONGEST_NUMBER_BYTES * 8} bits`;
  return undefined;
}
