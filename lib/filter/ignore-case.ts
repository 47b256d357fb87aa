// Comparisons that ignore case, as AWS makes them: each character of the filter stands for its lower and its upper form, of
// which one may be longer than the other (ß and SS).

type Forms = readonly [lower: string, upper: string];

const formsOf = (source: string): readonly Forms[] =>
  Array.from(source, (character) => [character.toLowerCase(), character.toUpperCase()] as const);

/** Makes a test: whether a text equals `source` if case is ignored. */
export function equalsIgnoringCase(source: string): (text: string) => boolean {
  const forms = formsOf(source);
  return (text) => endOf(text, forms) === text.length;
}

/** Makes a test: whether a text begins with `source` if case is ignored. */
export function startsIgnoringCase(source: string): (text: string) => boolean {
  const forms = formsOf(source);
  return (text) => endOf(text, forms) !== undefined;
}

/** Makes a test: whether a text ends with `source` if case is ignored. */
export function endsIgnoringCase(source: string): (text: string) => boolean {
  const forms = formsOf(source).toReversed();
  return (text) => {
    let end = text.length;
    for (const [lower, upper] of forms) {
      if (text.endsWith(lower, end)) end -= lower.length;
      else if (text.endsWith(upper, end)) end -= upper.length;
      else return false;
    }
    return true;
  };
}

/** The index in the text after the characters that match `forms`; undefined when the text does not begin with them. */
function endOf(text: string, forms: readonly Forms[]): number | undefined {
  let at = 0;
  for (const [lower, upper] of forms) {
    if (text.startsWith(lower, at)) at += lower.length;
    else if (text.startsWith(upper, at)) at += upper.length;
    else return undefined;
  }
  return at;
}
