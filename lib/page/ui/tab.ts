// The properties that each tab of a subscription's page gets.

export type TabProps = {
  readonly id: string;
  /** To be called when something was done: the state is read again. */
  readonly onDone: () => void;
};
