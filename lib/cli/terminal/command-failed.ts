// The error that ends a command with a sentence and an exit code.

/** Exit codes: 0 done, 1 failed, 2 the command line was not understood. */
export type ExitCode = 0 | 1 | 2;

/** Ends the command with a sentence for its user. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
