// What AWS leaves open, or where its record and our suite differ: each test may turn it either way, at any time.

export type Switches = {
  /** What deleting a FIFO message answers that is already deleted. AWS says so for standard queues only (success). */
  fifoDeletedAgain: 'success' | 'error';
  /**
   * What deleting a FIFO message answers with a handle that no longer holds it (its visibility ended, or another receive has it).
   * AWS was recorded with the error "The receipt handle has expired"; its API text says that a call with an old handle may succeed
   * without effect. In neither case is the message deleted.
   */
  fifoLateDelete: 'error' | 'success';
  /**
   * When a FIFO message that was given back with a visibility of 0 is handed out again, while later messages of its group are still
   * in flight: once they are not (`after-group`), or at once (`at-once`). AWS was recorded with `at-once`; see lane.ts.
   */
  fifoGivenBack: 'after-group' | 'at-once';
};

export const createSwitches = (): Switches => ({
  fifoDeletedAgain: 'success',
  fifoLateDelete: 'error',
  fifoGivenBack: 'after-group',
});
