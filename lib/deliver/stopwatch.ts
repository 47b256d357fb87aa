// Measures the receiver's part of the work on one message.

export type Stopwatch = {
  /** Does this work, and counts the time that it takes. */
  during<T>(work: () => Promise<T>): Promise<T>;
};

/** For a message that is measured by nobody. */
export const NO_STOPWATCH: Stopwatch = { during: (work) => work() };
