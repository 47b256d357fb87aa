// A plain item of a DynamoDB table, and a key.

export type TableItem = Readonly<Record<string, unknown>>;
export type TableKey = Readonly<Record<string, string>>;
