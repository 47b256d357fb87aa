// The fields of a message that filters can test: `{body, headers, topic, key}`. A path is read when a filter first tests it.
// The result is kept, so that many subscriptions with the same path read it once.

import { isObject, withoutMark } from '#lib/item/json.ts';
import { bytesOf } from '#lib/message/published.ts';
import type { Scalar } from './condition.ts';
import { InexactNumber, parseJson } from './number.ts';
import type { Root } from './parse.ts';

/** The fields of a message or of a delivery that filters can test. */
export type Filterable = {
  readonly body: string;
  readonly encoding?: 'base64' | undefined;
  readonly contentType: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly topic?: string | undefined;
  readonly key?: string | undefined;
};

/** The list entry that contains a value. `within` is the outer list entry that contains this list. */
export type Within = { readonly list: number; readonly entry: number; readonly outer: Within | undefined };

export type Leaf = { readonly value: Scalar; readonly within: Within | undefined };

export type FilterEvent = {
  /**
   * The values at a path. A name that contains dots and nested names with the same text are one path. Subtracts the work of
   * reading from `steps`.
   */
  leavesOf(path: string, steps: Steps): readonly Leaf[];
};

/** How much work may still be done, in units of about ten nanoseconds. Below zero, there is none left. */
export type Steps = { left: number };

/** Makes the event of a message. Nothing is parsed yet. */
export function createEvent(message: Filterable): FilterEvent {
  const known = new Map<string, readonly Leaf[]>();
  const lists = new Map<object, number>();
  let body: { readonly value: unknown } | undefined;

  const roots: { readonly [root in Root]: () => unknown } = {
    body: () => {
      body ??= { value: valueOfBody(message) };
      return body.value;
    },
    headers: () => ({ ...message.headers, 'content-type': message.contentType }),
    topic: () => message.topic,
    key: () => message.key,
  };

  return {
    leavesOf(path, steps) {
      const before = known.get(path);
      if (before !== undefined) {
        steps.left -= 1;
        return before;
      }
      const [root = ''] = path.split('.', 1);
      const value = isRootName(root) ? roots[root]() : undefined;
      const leaves = leavesBelow(value, path.slice(root.length), lists, steps);
      // An incomplete result is not kept: the next filter has steps of its own and can read the path completely.
      if (steps.left >= 0) known.set(path, leaves);
      return leaves;
    },
  };

  function isRootName(name: string): name is Root {
    return Object.hasOwn(roots, name);
  }
}

/** Returns the payload as parsed JSON, or as text if it is not JSON; undefined if its bytes are not UTF-8. */
function valueOfBody({ body, encoding }: Filterable): unknown {
  const text = encoding === 'base64' ? textOf(bytesOf(body, encoding)) : body;
  if (text === undefined) return undefined;
  // Editors and some programs write a byte order mark, which JSON does not allow.
  const plain = withoutMark(text);
  try {
    return parseJson(plain);
  } catch {
    return plain;
  }
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

type Place = {
  readonly value: unknown;
  /** The rest of the path below this value: empty, or beginning with a dot. */
  readonly rest: string;
  readonly within: Within | undefined;
};

/** Not recursive: a deeply nested body would overflow the call stack. */
function leavesBelow(
  value: unknown,
  path: string,
  lists: Map<object, number>,
  steps: Steps,
): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const places: Place[] = [{ value, rest: path, within: undefined }];
  for (let place = places.pop(); place !== undefined && steps.left >= 0; place = places.pop()) {
    steps.left -= 1;
    const { value: found, rest, within } = place;
    if (Array.isArray(found)) pushEntries(found, rest, within);
    else if (isObject(found) && !(found instanceof InexactNumber)) pushFields(found, rest, within);
    else if (rest === '' && isScalar(found)) leaves.push({ value: found, within });
  }
  return leaves;

  /** Objects and lists in a list belong to an entry of this list. Scalars in a list belong to no entry, as in AWS. */
  function pushEntries(list: readonly unknown[], rest: string, outer: Within | undefined): void {
    const number = lists.get(list) ?? lists.size;
    lists.set(list, number);
    for (const [entry, one] of list.entries()) {
      const isInside = typeof one === 'object' && one !== null && !(one instanceof InexactNumber);
      places.push({ value: one, rest, within: isInside ? { list: number, entry, outer } : outer });
    }
    steps.left -= list.length;
  }

  function pushFields(object: Readonly<Record<string, unknown>>, rest: string, within: Within | undefined) {
    // A name may contain dots, so each beginning of the path may be a name.
    for (let end = rest.indexOf('.', 1); rest !== ''; end = rest.indexOf('.', end + 1)) {
      const name = rest.slice(1, end === -1 ? undefined : end);
      steps.left -= 1;
      if (Object.hasOwn(object, name)) {
        places.push({ value: object[name], rest: end === -1 ? '' : rest.slice(end), within });
      }
      if (end === -1) return;
    }
  }
}

const isScalar = (value: unknown): value is Scalar =>
  value === null || value instanceof InexactNumber || ['string', 'number', 'boolean'].includes(typeof value);
