// A binary heap: the values that are added come out in their order, the first one first.

export type Heap<T> = {
  push(value: T): void;
  /** The value that comes out next. */
  first(): T | undefined;
  pop(): T | undefined;
};

/** An empty heap. No two values may be equal in this order. */
export function createHeap<T>(isBefore: (one: T, other: T) => boolean): Heap<T> {
  const values: T[] = [];

  return {
    first: () => values[0],
    push(value) {
      let index = values.length;
      for (;;) {
        const parent = (index - 1) >> 1;
        const above = values[parent];
        if (above === undefined || isBefore(above, value)) break;
        values[index] = above;
        index = parent;
      }
      values[index] = value;
    },
    pop() {
      const [first] = values;
      const last = values.pop();
      if (last === undefined || values.length === 0) return first;
      let index = 0;
      for (;;) {
        const [left, right] = [values[2 * index + 1], values[2 * index + 2]];
        const isRight = left !== undefined && right !== undefined && isBefore(right, left);
        const least = isRight ? right : left;
        if (least === undefined || isBefore(last, least)) break;
        values[index] = least;
        index = 2 * index + (isRight ? 2 : 1);
      }
      values[index] = last;
      return first;
    },
  };
}
