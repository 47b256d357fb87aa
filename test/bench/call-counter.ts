// Counts calls to AWS by their names, such as `SendMessageBatch`.

type Command = { readonly constructor: { readonly name: string } };

/** Makes a counter, which begins at zero. */
export function createCallCounter() {
  const counts = new Map<string, number>();
  function count(command: Command): void {
    const name = command.constructor.name.replace(/Command$/, '');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return {
    count,
    /** A client that counts each call, and passes it on. */
    over: (send: (command: never) => Promise<unknown>) =>
      ({
        send: (command: Command) => {
          count(command);
          return send(command as never);
        },
      }) as never,
    calls: (): Record<string, number> => Object.fromEntries(counts),
    reset: () => counts.clear(),
  };
}
