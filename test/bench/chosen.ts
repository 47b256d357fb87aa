// Which cases of a benchmark run: ONLY names some of them.

type Options<T> = {
  /** Texts, each a part of the name of a case. Undefined: all cases run. */
  readonly only?: string | undefined;
  readonly separator?: string;
  /** Whether a text chooses a case in another way than by a part of its name. */
  readonly also?: (one: T, text: string) => boolean;
};

/** Throws if a text chooses no case: the run would end without a figure, or without one that was asked for. */
export function chosenOf<T extends { readonly name: string }>(
  cases: readonly T[],
  { only = process.env.ONLY, separator = ',', also = () => false }: Options<T> = {},
): readonly T[] {
  if (only === undefined) return cases;
  const texts = only.split(separator);
  const isMeant = (one: T, text: string) => one.name.includes(text) || also(one, text);
  const unknown = texts.filter((text) => !cases.some((one) => isMeant(one, text)));
  if (unknown.length > 0) {
    const names = [...new Set(cases.map(({ name }) => name))].join('; ');
    throw new Error(
      `ONLY=${only}: no case has the name "${unknown.join('", "')}" or a part of it. The cases are: ${names}.`,
    );
  }
  return cases.filter((one) => texts.some((text) => isMeant(one, text)));
}
