// Options that select dead letters: the fields of redrive's request. The function checks their values.
import { type Command, InvalidArgumentError, Option } from 'commander';

export type LetterOptions = {
  readonly subscription?: string;
  readonly topic?: string;
  readonly reason?: readonly string[];
  readonly outcome?: readonly string[];
  readonly status?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly id?: readonly string[];
  readonly offsets?: Readonly<Record<string, number>>;
};

/** Adds the options that select dead letters to a command, and returns the command. */
export function letterOptions(command: Command): Command {
  return command
    .option('--subscription <id>', 'of this subscription')
    .option('--topic <topic>', 'of this topic')
    .addOption(listOption('--reason <reason>', 'rejected, failed, unknown, expired, …'))
    .addOption(listOption('--outcome <outcome>', 'of the last attempt: rejected, failed, unsent, unknown'))
    .addOption(listOption('--status <status>', 'a status such as 410, or a class as 4xx'))
    .addOption(listOption('--id <id>', 'of this message: its webhook-id'))
    .addOption(
      new Option(
        '--from <time>',
        'dead letter since this time: a time, or how long ago, such as 2h',
      ).argParser(time),
    )
    .addOption(new Option('--to <time>', 'dead letter before this time').argParser(time))
    .addOption(
      new Option(
        '--offsets <list>',
        'of a Kafka topic: the first offset per partition, such as 0=1200,1=0',
      ).argParser(offsets),
    );
}

/** Makes an option that may be given several times, or with several values between commas. */
export const listOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string, before: readonly string[] = []) => [
    ...before,
    ...text.split(',').map((part) => part.trim()),
  ]);

/** Turns the options into fields of the request. */
export const filterIn = ({ id, status, ...same }: LetterOptions): Record<string, unknown> => ({
  ...same,
  ...(id !== undefined && { ids: id }),
  ...(status !== undefined && { status: status.map((text) => (/^\d+$/.test(text) ? Number(text) : text)) }),
});

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses a time with a time zone, or an age such as `2h`. */
export function time(text: string): string {
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return new Date(Date.now() - Number(amount) * (UNITS[unit] ?? 0)).toISOString();
  const [, day] = /^(\d{4}-\d{2}-\d{2})T.*(?:Z|[+-]\d{2}:\d{2})$/.exec(text) ?? [];
  // Date.parse takes 30 February for 2 March.
  const isDay = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) === true;
  const at = isDay ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      'Give a time with its zone, such as 2026-11-25T08:00:00Z, or how long ago, such as 2h.',
    );
  }
  return new Date(at).toISOString();
}

/** Parses `partition=offset` pairs between commas. Throws for anything else. */
export function offsets(text: string): Record<string, number> {
  const pairs = text.split(',').map((pair) => /^(\d+)=(\d+)$/.exec(pair.trim()));
  return Object.fromEntries(
    pairs.map((pair): [string, number] => {
      if (pair === null) throw new InvalidArgumentError('Give partitions and offsets, such as 0=1200,1=0.');
      return [String(pair[1]), Number(pair[2])];
    }),
  );
}

/** Parses a whole number above 0. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.');
  return Number(text);
}
