// Functions for tests of the local set: each is a few lines of JavaScript, written as a bundle into its own folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Functions, startFunctions } from '#lib/local/functions.ts';
import type { FunctionDefinition } from '#lib/local/template.ts';

export type TestFunctions = Functions & {
  /** The log lines of the functions. */
  lines: string[];
  /** Resolves with the first line that contains the text. */
  line(text: string, withinMs?: number): Promise<string>;
};

export type TestFunction = Partial<FunctionDefinition> & { source: string };

/** Starts functions from sources, each of which sets `exports.handler` in CommonJS. */
export function startTestFunctions(
  sources: Record<string, string | TestFunction>,
  options: { maxEnvironments?: number; idleMs?: number; environment?: Record<string, string> } = {},
): TestFunctions {
  const root = mkdtempSync(join(tmpdir(), 'functions-'));
  const definitions = Object.entries(sources).map(([name, one]) => {
    const { source, ...more } = typeof one === 'string' ? { source: one } : one;
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'index.js'), source);
    return {
      name: `test-${name}`,
      arn: `arn:aws:lambda:us-east-1:000000000000:function:test-${name}`,
      handler: `${name}/index.handler`,
      timeoutSeconds: 20,
      memoryMb: 128,
      environment: {},
      ...more,
    };
  });
  const lines: string[] = [];
  const wanted = new Set<{ text: string; resolve: (line: string) => void }>();
  const { environment = {}, ...rest } = options;
  const functions = startFunctions(definitions, {
    root,
    environment,
    onLog(_, line) {
      lines.push(line);
      for (const one of wanted) if (line.includes(one.text)) one.resolve(line);
    },
    ...rest,
  });
  return {
    ...functions,
    lines,
    async line(text, withinMs = 10_000) {
      const there = lines.find((line) => line.includes(text));
      if (there !== undefined) return there;
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const one = { text, resolve };
      wanted.add(one);
      const late = () =>
        reject(new Error(`no line with ${JSON.stringify(text)} in ${JSON.stringify(lines)}`));
      const timer = setTimeout(late, withinMs);
      return promise.finally(() => {
        clearTimeout(timer);
        wanted.delete(one);
      });
    },
    async close() {
      await functions.close();
      rmSync(root, { recursive: true });
    },
  };
}
