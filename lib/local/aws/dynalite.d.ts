// Types of dynalite, which has none: only the parts that are used here.
declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A DynamoDB in memory behind an HTTP server that listens nowhere yet; its requests come by its `request` event. */
  export default function dynalite(options: {
    createTableMs: number;
    deleteTableMs: number;
    updateTableMs: number;
  }): Server;
}

declare module 'dynalite/db/conditionParser.js' {
  type Named = Record<string, unknown>;
  /**
   * Parses an expression. Deletes what it uses from the `unused` ones. Throws when the expression can't be parsed, and returns a
   * text when it names what is not there.
   */
  export type Parse = (
    text: string,
    options: {
      context: {
        attrNames?: Named;
        attrVals?: Named;
        unusedAttrNames: Named;
        unusedAttrVals: Named;
      };
    },
  ) => unknown;
  const parser: { parse: Parse };
  export default parser;
}

declare module 'dynalite/db/projectionParser.js' {
  import type { Parse } from 'dynalite/db/conditionParser.js';

  const parser: { parse: Parse };
  export default parser;
}
