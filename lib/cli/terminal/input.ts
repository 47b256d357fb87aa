// Reads the input of a command from a file or standard input: bytes, or config items in JSON or YAML.
import { readFile } from 'node:fs/promises';
import { CommandFailed } from './command-failed.ts';
import type { Io } from './context.ts';

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
  const text = input.toString('utf8');
  const values = (json(text) ?? (await yaml(text, name))).flat().filter((value) => value !== null);
  if (values.length === 0) throw new CommandFailed(`${name} is empty: give an item in JSON or YAML.`);
  return values.map((value, index) => {
    const from = values.length === 1 ? name : `${name}, item ${index + 1}`;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new CommandFailed(`${from}: must be an object, such as {"id": "acme", "configuration": {…}}.`);
    }
    return { from, item: { ...value } };
  });
}

function json(text: string): unknown[] | undefined {
  try {
    return [JSON.parse(text)];
  } catch {
    return undefined;
  }
}

/** Parses text that is no JSON as YAML. A fault repeats nothing of the text, which may contain credentials. */
async function yaml(text: string, name: string): Promise<unknown[]> {
  const { LineCounter, parseAllDocuments, visit } = await import('yaml');
  const lineCounter = new LineCounter();
  const refuse = (at: number, what: string): never => {
    throw new CommandFailed(`${name}, line ${lineCounter.linePos(at).line}: ${what}`);
  };
  return [...parseAllDocuments(text, { prettyErrors: false, lineCounter })].map((document) => {
    // A warning is a tag or a directive that is not known, and would be left out of the value in silence.
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined)
      refuse(fault.pos[0], `the text is neither JSON nor YAML (${fault.code}). Correct it.`);
    // An alias may repeat a value any number of times, or stand for none, and a credential may begin with its sign.
    visit(document, {
      Alias: (_, { range }) =>
        refuse(
          range?.[0] ?? 0,
          'aliases are not read. Put a text that begins with * into quotes, and write a repeated value out.',
        ),
    });
    return document.toJS();
  });
}
