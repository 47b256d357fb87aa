// The log lines of the functions, as the stage keeps them: the name of the function, and JSON.

/** The parsed lines with this name, such as `delivery.attempted`, in their order. */
export const loggedAs = (name: string, lines: readonly string[]): readonly unknown[] =>
  lines
    .filter((line) => line.includes(`"${name}"`))
    .map((line): unknown => JSON.parse(line.slice(line.indexOf('{'))));
