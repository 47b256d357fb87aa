// Finds every field of a subscription's item: in `configuration` (http options in `http` or beside it), in Gravitee 4.x's
// `entrypointConfiguration`, or in both. Values are not checked here.

import { isDeepStrictEqual } from 'node:util';
import type { Fault } from '#lib/item/fault.ts';
import { dotted, type Path, type Suggestions, unknownKeys } from '#lib/item/fault.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { NOTE } from '#lib/item/note.ts';
import { HTTP_FIELDS } from './http-schema.ts';
import { OPTION_FIELDS } from './option-fields.ts';
import { TOP_FIELDS } from './top-fields.ts';

/** The two objects that options may be in. */
export const BLOCKS = ['configuration', 'entrypointConfiguration'] as const;

const keysOf = (...fields: readonly object[]): ReadonlySet<string> => new Set(fields.flatMap(Object.keys));

const TOP = keysOf(TOP_FIELDS);
const HTTP = keysOf(HTTP_FIELDS);
// `entrypointId` is among the options in Gravitee's older form of an item, and at the top in the form of 4.x.
const OPTIONS = keysOf(OPTION_FIELDS, HTTP_FIELDS, { entrypointId: true });

const KNOWN_AT_TOP = [...TOP, ...BLOCKS];
const KNOWN_IN_BLOCK = [...OPTIONS, 'http'];

export type FoundShape = { readonly path: Path; readonly value: unknown };

export type ItemShape = {
  readonly found: ReadonlyMap<string, FoundShape>;
  readonly faults: readonly Fault[];
  /** Which of the two objects the item has. */
  readonly blocks: readonly string[];
};

/** Finds which of the accepted JSON forms the item has, and where its fields are. */
export function itemShapeOf(item: JsonObject, suggest: Suggestions): ItemShape {
  const found = new Map<string, FoundShape>();
  const faults: Fault[] = [];
  const blocks = BLOCKS.filter((block) => item[block] !== undefined);
  for (const key of Object.keys(item)) {
    if (TOP.has(key)) add(key, [key], item[key]);
    else if (!isBlock(key)) unknown(key, [], KNOWN_AT_TOP);
  }
  for (const block of blocks) {
    eachKey(item[block], [block], (key, path, value) => {
      if (OPTIONS.has(key)) add(key, path, value);
      else if (key === 'http') eachKey(value, path, addHttp);
      else unknown(key, [block], KNOWN_IN_BLOCK);
    });
  }
  return { found, faults, blocks };

  function addHttp(key: string, path: Path, value: unknown): void {
    if (HTTP.has(key)) add(key, path, value);
    else unknown(key, path.slice(0, -1), [...HTTP]);
  }

  function eachKey(
    object: unknown,
    path: Path,
    visit: (key: string, at: Path, value: unknown) => void,
  ): void {
    if (object === undefined) return;
    if (isObject(object)) for (const key of Object.keys(object)) visit(key, [...path, key], object[key]);
    else faults.push({ path: dotted(path), reason: 'must be an object' });
  }

  function add(name: string, path: Path, value: unknown): void {
    if (value === undefined) return;
    const before = found.get(name);
    if (before === undefined) found.set(name, { path, value });
    else if (!isDeepStrictEqual(before.value, value)) {
      const reason = `is given in ${dotted(before.path)} too, with another value: keep one of the two`;
      faults.push({ path: dotted(path), reason });
    }
  }

  function unknown(key: string, path: Path, known: readonly string[]): void {
    const home = homeOf(key);
    if (home === undefined)
      faults.push(...unknownKeys([key], known, path, suggest, path.length === 0 ? NOTES : ''));
    else faults.push({ path: dotted([...path, key]), reason: `is not known here: put it ${home}` });
  }
}

const NOTES = `. A note of your own goes into metadata, or into a field that begins with ${NOTE}`;

const isBlock = (key: string): boolean => BLOCKS.some((block) => block === key);

function homeOf(key: string): string | undefined {
  if (OPTIONS.has(key) || key === 'http') return 'into configuration';
  return TOP.has(key) || isBlock(key) ? 'at the top of the item' : undefined;
}
