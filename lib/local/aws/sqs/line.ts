// A doubly linked list whose members hold the links, so that a member can leave from any place at no cost. In a Map or an
// array, removed members would leave gaps at the front, which every read of the first member would have to skip.

export type Linked<T> = { line: Line<T> | undefined; before: T | undefined; after: T | undefined };

export type Line<T> = { first: T | undefined; last: T | undefined; size: number };

export const createLine = <T>(): Line<T> => ({ first: undefined, last: undefined, size: 0 });

/** What a new member of some line begins with. */
export const unlinked = <T>(): Linked<T> => ({ line: undefined, before: undefined, after: undefined });

/** Puts it at the end; one that stands in a line already stays where it is. */
export function join<T extends Linked<T>>(line: Line<T>, member: T): void {
  if (member.line) return;
  member.line = line;
  member.before = line.last;
  if (line.last) line.last.after = member;
  else line.first = member;
  line.last = member;
  line.size++;
}

export function leave<T extends Linked<T>>(member: T): void {
  const { line, before, after } = member;
  if (!line) return;
  if (before) before.after = after;
  else line.first = after;
  if (after) after.before = before;
  else line.last = before;
  line.size--;
  Object.assign(member, unlinked<T>());
}
