// The calls to a local AWS service, newest last, for tests. The oldest calls are dropped.

export type CallLog<Call extends { operation: string }> = {
  add(call: Call): void;
  /** The calls so far, those of one operation when it is named. */
  list(operation?: string): Call[];
  clear(): void;
};

/** Makes an empty log that keeps the last `limit` calls. */
export function createCallLog<Call extends { operation: string }>(limit = 1000): CallLog<Call> {
  let calls: Call[] = [];
  return {
    add(call) {
      calls.push(call);
      // Drops half of them at once: removing the first element of a long array at every call is slow.
      if (calls.length > 2 * limit) calls = calls.slice(-limit);
    },
    list(operation) {
      const kept = calls.slice(-limit);
      return operation === undefined ? kept : kept.filter((call) => call.operation === operation);
    },
    clear() {
      calls = [];
    },
  };
}
