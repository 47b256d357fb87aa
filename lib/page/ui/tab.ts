// What each part of a subscription's page is given.

export type TabProps = {
  readonly id: string;
  /** To be called when something was done: the state is read again. */
  readonly onDone: () => void;
};
