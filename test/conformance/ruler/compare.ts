// `npm run test:ruler`: AWS's matcher and ours, over the documented examples and over thousands of drawn patterns and events.
// SEED, PATTERNS and EVENTS set what is drawn. Ends with 1 when the two differ anywhere.
import { createEvent } from '#lib/filter/event.ts';
import { compileFilter, isWanted } from '#lib/filter/filter.ts';
import { drawFrom, withFewTexts } from '#test/support/ruler/draw.ts';
import { type Drawn, drawMessage } from '#test/support/ruler/draw-message.ts';
import { drawPattern } from '#test/support/ruler/draw-pattern.ts';
import { EXAMPLES } from '#test/support/ruler/examples.ts';
import { judge, RULER_VERSION } from '#test/support/ruler/judge.ts';

const numberOf = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const seed = numberOf('SEED', 1);
const patterns = numberOf('PATTERNS', 6_000);
const events = numberOf('EVENTS', 20);

const CONTENT_TYPE = 'application/json';
const eventOf = ({ body, headers, topic, key }: Drawn): string => {
  const rest = JSON.stringify({ headers: { ...headers, 'content-type': CONTENT_TYPE }, topic, key });
  return `{"body":${body},${rest.slice(1)}`;
};

const source = drawFrom(seed);
const drawn = Array.from({ length: patterns }, (_, index) => {
  const kind = index % 3 === 0 ? 'rows' : 'any';
  const draw = withFewTexts(source);
  const messages = Array.from({ length: events }, () => drawMessage(draw, kind));
  return { pattern: drawPattern(draw, kind), messages };
});
const examples = EXAMPLES.map(({ pattern, messages }) => ({
  pattern: JSON.stringify(pattern),
  messages: messages.map(({ message }) => message),
}));
const all = [...examples, ...drawn];
const verdicts = judge(all.map(({ pattern, messages }) => ({ pattern, events: messages.map(eventOf) })));

let [pairs, matches, refused, differences] = [0, 0, 0, 0];
function differ(pattern: string, what: string): void {
  differences += 1;
  if (differences <= 20) console.log(`DIFFERENCE ${pattern}\n  ${what}`);
}

for (const [index, { pattern, messages }] of all.entries()) {
  const verdict = verdicts[index];
  if (verdict === undefined) throw new Error(`there is no verdict on pattern ${index}`);
  const ours = compileFilter(JSON.parse(pattern));
  if ('invalid' in verdict || !ours.ok) {
    if ('invalid' in verdict && !ours.ok) refused += 1;
    else differ(pattern, `only one refuses it: ${JSON.stringify('invalid' in verdict ? verdict : ours)}`);
    continue;
  }
  for (const [at, message] of messages.entries()) {
    const theirs = verdict.matches[at];
    const own = isWanted(createEvent({ ...message, contentType: CONTENT_TYPE }), ours.value);
    pairs += 1;
    if (own) matches += 1;
    if (own !== theirs) differ(pattern, `ours ${own}, theirs ${theirs}: ${eventOf(message)}`);
  }
}
const documented = EXAMPLES.reduce((sum, example) => sum + example.messages.length, 0);
console.log(
  `event-ruler ${RULER_VERSION}, seed ${seed}: ${all.length} patterns (${refused} refused by both), ${pairs} pairs of pattern and event (${documented} documented), ${matches} match, differences ${differences}`,
);
process.exitCode = differences === 0 ? 0 : 1;
