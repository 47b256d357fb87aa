// Reads the input of a command from a file or standard input: bytes, or config items in JSON or YAML.
import { readFile } from 'node:fs/promises';
import { CommandFailed } from './command-failed.ts';
import type { Io } from './context.ts';
import { repeatedKeyLine } from './json-keys.ts';

/** Reads a whole file, or standard input for `-`. Ends the command when it can't be read. */
export async function readInput(source: string, { stdin }: Pick<Io, 'stdin'>): Promise<Buffer> {
  if (source === '-') {
    const pieces: Buffer[] = [];
    for await (const piece of stdin) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  }
  try {
    return await readFile(source);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why = WHY.get(code) ?? code;
    throw new CommandFailed(`${source} can't be read: ${why}.`, 1, { cause: error });
  }
}

const WHY: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'you have no permission to read it'],
  ['EISDIR', 'it is a folder'],
]);

/** Of a file with items: more than a hundred items of the largest size. */
const MOST_BYTES = 10 * 1024 * 1024;

export type Given = { readonly from: string; readonly item: Readonly<Record<string, unknown>> };

/** Parses the items of a JSON or YAML file: one item, a list, or several YAML documents. */
export async function readItems(source: string, io: Pick<Io, 'stdin'>): Promise<readonly Given[]> {
  const input = await readInput(source, io);
  const name = source === '-' ? 'standard input' : source;
  if (input.length > MOST_BYTES)
    throw new CommandFailed(
      `${name} is larger than ${MOST_BYTES / 1024 / 1024} MB: divide it into several files.`,
    );
  const text = decoded(input, name);
  const values = (json(text, name) ?? (await yaml(text, name))).flat().filter((value) => value !== null);
  if (values.length === 0) throw new CommandFailed(`${name} is empty: give an item in JSON or YAML.`);
  return values.map((value, index) => {
    const from = values.length === 1 ? name : `${name}, item ${index + 1}`;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new CommandFailed(`${from}: must be an object, such as {"id": "acme", "configuration": {…}}.`);
    }
    return { from, item: { ...value } };
  });
}

/** Encodings that begin with a byte order mark, as some editors and shells write them. UTF-8 is last, as it is the default. */
const ENCODINGS = [
  { name: 'utf-16le', mark: [0xff, 0xfe] },
  { name: 'utf-16be', mark: [0xfe, 0xff] },
  { name: 'utf-8', mark: [] },
] as const;

/** Ends the command when two items have the same name, of which the last would win. `key`: the field with the name. */
export function refuseRepeated(given: readonly Given[], key: 'id' | 'name'): void {
  const first = new Map<unknown, string>();
  for (const { from, item } of given) {
    const name = item[key];
    const before = first.get(name);
    if (before !== undefined)
      throw new CommandFailed(
        `${from} has the same ${key} as ${before}; nothing was put. Remove one of the two, or rename it.`,
      );
    if (typeof name === 'string') first.set(name, from);
  }
}

/** The text of a file, without its byte order mark. */
function decoded(input: Buffer, name: string): string {
  const { name: encoding } =
    ENCODINGS.find(({ mark }) => mark.every((byte, at) => input[at] === byte)) ?? ENCODINGS[2];
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(input);
  } catch {
    throw new CommandFailed(`${name} is no text in ${encoding.toUpperCase()}: save it as UTF-8.`);
  }
}

function json(text: string, name: string): unknown[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const line = repeatedKeyLine(text);
  if (line !== undefined) throw new CommandFailed(`${name}, line ${line}: ${GIVEN_TWICE}`);
  return [value];
}

const GIVEN_TWICE = 'a key is given twice in the same object. Remove one of the two.';
const KEYS =
  'a key must be a text, and no map or list. Put a text that begins with { or [ into quotes, such as "{{name}}".';
const ANCHORS =
  'an anchor is read before a map only, for the merge key <<. Put a text that begins with & into quotes.';
const ALIASES =
  'aliases are read after the merge key << only. Put a text that begins with * into quotes, and write a repeated value out.';

/** Parses text that is no JSON as YAML. A fault repeats nothing of the text, which may contain credentials. */
async function yaml(text: string, name: string): Promise<unknown[]> {
  const { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, visit } = await import(
    'yaml'
  );
  const lineCounter = new LineCounter();
  const refuse = (at: number, what: string): never => {
    throw new CommandFailed(`${name}, line ${lineCounter.linePos(at).line}: ${what}`);
  };
  // The parser turns << into a symbol. In quotes it is an ordinary key.
  const isMerge = (node: unknown): boolean =>
    isPair(node) &&
    isScalar(node.key) &&
    typeof node.key.value === 'symbol' &&
    node.key.value.description === '<<';
  const refuseAnchor = (_: unknown, { anchor, range }: { anchor?: string; range?: unknown }): void => {
    if (anchor !== undefined) refuse(startOf(range), ANCHORS);
  };
  // The parser compares each key with all others, and takes 1 and "1" for two keys.
  const options = { prettyErrors: false, lineCounter, merge: true, uniqueKeys: false } as const;
  const documents = [...parseAllDocuments(text, options)];
  return documents.map((document) => {
    // A warning is a tag or a directive that is not known, and would be left out of the value in silence.
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined)
      refuse(fault.pos[0], `the text is neither JSON nor YAML (${fault.code}). Correct it.`);
    visit(document, {
      Scalar: refuseAnchor,
      Seq: refuseAnchor,
      Map(_, { items }) {
        const keys = new Set<string>();
        for (const pair of items) {
          if (isMerge(pair) || isAlias(pair.key)) continue;
          if (!isScalar(pair.key)) refuse(startOf(rangeOf(pair.key)), KEYS);
          const key = isScalar(pair.key) ? String(pair.key.value ?? '') : '';
          if (keys.has(key)) refuse(startOf(rangeOf(pair.key)), GIVEN_TWICE);
          keys.add(key);
        }
      },
      // Elsewhere an alias may repeat a value any number of times, or stand for none, and a credential may begin with its sign.
      Alias: (_, { range }, path) => {
        if (!path.slice(-2).some(isMerge)) refuse(startOf(range), ALIASES);
      },
      Pair: (_, pair) => {
        if (!isMerge(pair)) return;
        for (const source of isSeq(pair.value) ? pair.value.items : [pair.value]) {
          const merged = isAlias(source) ? source.resolve(document) : source;
          if (!isMap(merged))
            refuse(startOf(rangeOf(source)), 'the merge key << needs a map, or an alias of a map above it.');
        }
      },
    });
    try {
      return document.toJS({ maxAliasCount: MOST_ALIASES });
    } catch {
      throw new CommandFailed(
        `${name}: the maps behind its aliases contain themselves, or are repeated too often. Write them out.`,
      );
    }
  });
}

const rangeOf = (node: unknown): unknown =>
  typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
const startOf = (range: unknown): number => (Array.isArray(range) ? Number(range[0]) : 0);

/** How often the maps behind aliases may be repeated. */
const MOST_ALIASES = 1_000;
