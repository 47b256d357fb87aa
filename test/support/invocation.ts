// An invocation that can be killed at any of its AWS calls. Later calls are not made; the stored state stays as it is for
// the next invocation.
type Client = { send(command: never): unknown };

export type Death = {
  /** At its n-th call, from 1. */
  readonly at: number;
  /** Before AWS did what it was asked to, or after, with the answer never heard. */
  readonly when: 'before' | 'after';
};

export type Invocation = {
  /** The client as this invocation has it. */
  through<C extends Client>(client: C): C;
  /** Runs it to its end, or to its death. */
  run<T>(work: () => Promise<T>): Promise<T | 'killed'>;
  calls(): number;
};

/** Without a death it lives to its end. */
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
