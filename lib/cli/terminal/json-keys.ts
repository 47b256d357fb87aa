// Finds a key that JSON gives twice in one object. JSON.parse keeps the last of them without a word, so what a person sees
// first would not be what is put.

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|\n/g;

type Level = { readonly keys: Set<string> | undefined; expectsKey: boolean };

/** The line, from 1, of the first key that is given twice; undefined where there is none. `text` must be valid JSON. */
export function repeatedKeyLine(text: string): number | undefined {
  const levels: Level[] = [];
  let line = 1;
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '\n') line += 1;
    else if (token === '{') levels.push({ keys: new Set(), expectsKey: true });
    else if (token === '[') levels.push({ keys: undefined, expectsKey: false });
    else if (token === '}' || token === ']') levels.pop();
    else if (token === ',' && level?.keys !== undefined) level.expectsKey = true;
    else if (token.startsWith('"') && level?.keys !== undefined && level.expectsKey) {
      // The same key can be written in two ways: "a" and "\u0061".
      const key = String(JSON.parse(token));
      if (level.keys.has(key)) return line;
      level.keys.add(key);
      level.expectsKey = false;
    }
  }
  return undefined;
}
