// An operation: what it takes, checked once, and what it does. Here is the check; the operations are in the files named after
// them.
import * as z from 'zod';
import { missing, Refusal } from './refusal.ts';

export type OperationContext = {
  /** The start of all queue URLs. */
  readonly host: string;
  /** Aborted when the caller has closed its connection. */
  readonly signal: AbortSignal | undefined;
  /** Whether an injected fault refuses this entry of the batch. */
  readonly refuses: (entryId: string) => boolean;
};

export type SqsOperation = (input: unknown, context: OperationContext) => object | Promise<object>;

export type Operations = Readonly<Record<string, SqsOperation>>;

export const url = z.string().min(1);
export const int = z.number().int().optional();
export const textMember = z.string().optional();
export const strings = z.array(z.string()).optional();
export const map = z.record(z.string(), z.string()).optional();

export const sqsOperation =
  <S extends z.ZodType>(
    schema: S,
    run: (input: z.output<S>, context: OperationContext) => object | Promise<object>,
  ): SqsOperation =>
  (input, context) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return run(parsed.data, context);
    const [issue] = parsed.error.issues;
    const path = issue?.path ?? [];
    if (valueAt(input, path) === undefined) throw missing(path.join('.'));
    throw new Refusal('SerializationException', `${path.join('.')}: ${issue?.message ?? 'not understood'}`);
  };

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
