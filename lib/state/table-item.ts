// A plain item of a DynamoDB table, and a key.

export type TableItem = Readonly<Record<string, unknown>>;
export type TableKey = Readonly<Record<string, string>>;
/** A key of the state table. */
export type StateKey = { readonly pk: string; readonly sk: string };
