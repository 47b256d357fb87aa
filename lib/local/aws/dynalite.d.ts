// Types of dynalite, which has none: only the part that dynamodb.ts uses.
declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A DynamoDB in memory behind an HTTP server that listens nowhere yet; its requests come by its `request` event. */
  export default function dynalite(options: {
    createTableMs: number;
    deleteTableMs: number;
    updateTableMs: number;
  }): Server;
}
