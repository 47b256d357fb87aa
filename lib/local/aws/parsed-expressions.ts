// dynalite parses the expressions of each request anew, which takes most of the time of a request: 6 of the 7 ms of a query
// for a topic's subscriptions. All others wait meanwhile. Here long conditions, filters and projections are parsed once for the
// names and values that they use.
import conditionParser, { type Parse } from 'dynalite/db/conditionParser.js';
import projectionParser from 'dynalite/db/projectionParser.js';
import { forgetOldest } from '#lib/item/forget-oldest.ts';

const MOST_PARSED = 1_000;
/** Characters. What is shorter is parsed anew. */
const LONG = 200;
/** Characters of an expression with its names and values: a condition of a write may have a large value. */
const MOST_CHARACTERS = 16_000;

let remembers = false;

/** Makes all dynalites of this process remember the long expressions that they have parsed. */
export function rememberParsed(): void {
  if (remembers) return;
  remembers = true;
  for (const parser of [conditionParser, projectionParser]) parser.parse = remembering(parser.parse);
}

function remembering(parse: Parse): Parse {
  const parsed = new Map<string, unknown>();
  return (text, { context }) => {
    if (text.length < LONG) return parse(text, { context });
    const { attrNames, attrVals, unusedAttrNames, unusedAttrVals } = context;
    const named = new Set(text.match(/[#:]\w+/g));
    const key = JSON.stringify([text, attrNames, [...named].map((name) => attrVals?.[name])]);
    if (key.length > MOST_CHARACTERS) return parse(text, { context });
    if (!parsed.has(key)) parsed.set(key, parse(text, { context }));
    forgetOldest(parsed, MOST_PARSED);
    // It refuses a request with names or values that none of its expressions uses.
    for (const name of named) {
      delete unusedAttrNames[name];
      delete unusedAttrVals[name];
    }
    // It changes some of what it parsed when it uses it.
    return structuredClone(parsed.get(key));
  };
}
