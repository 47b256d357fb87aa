// An invocation that a test can kill at any of its AWS calls. After the kill it makes no calls; the stored state stays for
// the next invocation.
type Client = { send(command: never): unknown };

export type Death = {
  /** The number of the call at which the invocation is killed. The first call is 1. */
  readonly at: number;
  /** `before`: AWS never gets the call. `after`: AWS carries it out, and the invocation never gets the answer. */
  readonly when: 'before' | 'after';
};

export type Invocation = {
  /** Makes the client of this invocation. */
  through<C extends Client>(client: C): C;
  /** Runs the invocation until it ends or is killed. */
  run<T>(work: () => Promise<T>): Promise<T | 'killed'>;
  calls(): number;
};

/** Makes an invocation; without `death` it is not killed. */
export function createInvocation(death?: Death): Invocation {
  const killed = Promise.withResolvers<'killed'>();
  const never = new Promise<never>(() => {});
  let calls = 0;
  let dead = false;

  function die(): void {
    dead = true;
    killed.resolve('killed');
  }

  return {
    through<C extends Client>(client: C): C {
      const send = async (command: never): Promise<unknown> => {
        if (dead) return never;
        calls += 1;
        const last = calls === death?.at;
        if (last) die();
        if (last && death.when === 'before') return never;
        // Answers and errors that arrive after the kill are dropped.
        try {
          const answer = await client.send(command);
          return dead ? never : answer;
        } catch (error) {
          if (dead) return never;
          throw error;
        }
      };
      return { ...client, send } as C;
    },
    run: (work) => Promise.race([work(), killed.promise]),
    calls: () => calls,
  };
}
