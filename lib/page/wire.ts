// The answer of the page's server to a command: lines of JSON. The last line is the end of the command. The server and the
// browser import these types.

export type CommandProgress = {
  readonly what: string;
  readonly done: number;
  /** Undefined: not known. */
  readonly total?: number;
  readonly note?: string;
};

export type CommandEnd =
  | { readonly ok: true; readonly result: unknown; readonly said: string }
  /** `result`: the result that the command printed before it failed, such as the answer of a failed test. */
  | { readonly ok: false; readonly message: string; readonly result?: unknown };

export type CommandLine =
  | { readonly kind: 'progress'; readonly progress: CommandProgress }
  | { readonly kind: 'note'; readonly note: string }
  | { readonly kind: 'end'; readonly end: CommandEnd };
