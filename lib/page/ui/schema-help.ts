// Finds the part of an item's JSON Schema that describes the place of the cursor. Only the server checks items, as `put`
// does.

type Schema = {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
};

export type FieldHelp = {
  readonly name: string;
  readonly description: string;
  /** Its type or its possible values, and its default. */
  readonly values: string;
};

/** Returns the path of keys at a place in JSON that may be unfinished; a list counts as `[]`. */
export function pathAt(text: string, caret: number): readonly string[] {
  const path: { key: string; isList: boolean }[] = [];
  let last = '';
  for (let at = 0; at < caret; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfText(text, at);
      last = text.slice(at + 1, end);
      const isKey = /^\s*:/.test(text.slice(end + 1));
      const top = path.at(-1);
      if (isKey && top !== undefined && !top.isList) top.key = last;
      at = end;
    } else if (character === '{') path.push({ key: '', isList: false });
    else if (character === '[') path.push({ key: '[]', isList: true });
    else if (character === '}' || character === ']') path.pop();
  }
  return path.map(({ key }) => key);
}

function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** Returns what the schema says about the field at a path, and about all fields of the object that holds it. */
export function helpAt(
  root: Schema,
  path: readonly string[],
): { readonly field: FieldHelp | undefined; readonly beside: readonly FieldHelp[] } {
  const holders = path
    .slice(0, -1)
    .reduce<readonly Schema[]>((found, key) => found.flatMap((one) => childrenOf(root, one, key)), [root]);
  const beside = new Map<string, FieldHelp>();
  for (const holder of holders)
    for (const [name, schema] of propertiesOf(root, holder))
      if (!beside.has(name)) beside.set(name, helpOn(root, name, schema));
  return { field: beside.get(path.at(-1) ?? ''), beside: [...beside.values()] };
}

/** The schema, the schemas that it refers to, and its alternatives. */
function partsOf(root: Schema, schema: Schema, depth = 0): readonly Schema[] {
  if (depth > 12) return [];
  const referred = schema.$ref?.startsWith('#/definitions/')
    ? root.definitions?.[schema.$ref.slice('#/definitions/'.length)]
    : undefined;
  const more = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [
    schema,
    ...[...(referred ? [referred] : []), ...more].flatMap((one) => partsOf(root, one, depth + 1)),
  ];
}

const propertiesOf = (root: Schema, schema: Schema): readonly [string, Schema][] =>
  partsOf(root, schema).flatMap(({ properties = {} }) => Object.entries(properties));

const childrenOf = (root: Schema, schema: Schema, key: string): readonly Schema[] =>
  key === '[]'
    ? partsOf(root, schema).flatMap(({ items }) => (items === undefined ? [] : [items]))
    : propertiesOf(root, schema).flatMap(([name, one]) => (name === key ? [one] : []));

function helpOn(root: Schema, name: string, schema: Schema): FieldHelp {
  const parts = partsOf(root, schema);
  const first = <T>(pick: (part: Schema) => T | undefined): T | undefined => {
    for (const part of parts) {
      const picked = pick(part);
      if (picked !== undefined) return picked;
    }
    return undefined;
  };
  const choices = parts.flatMap((part) => part.enum ?? (part.const === undefined ? [] : [part.const]));
  const types = [...new Set(parts.flatMap(({ type }) => type ?? []))].join(' or ');
  const byDefault = first((part) => part.default);
  return {
    name,
    description: first((part) => part.description) ?? first((part) => part.title) ?? '',
    values: [
      choices.length > 0 ? choices.map((one) => JSON.stringify(one)).join(', ') : types,
      ...(byDefault === undefined ? [] : [`default ${JSON.stringify(byDefault)}`]),
    ].join(' · '),
  };
}
