// The command line of `npm start`.
import { parseArgs } from 'node:util';
import { closest } from '#lib/item/did-you-mean.ts';

export type StartOptions = {
  readonly demo: boolean;
  readonly kafka: string | undefined;
  readonly verbose: boolean;
};

export type StartCommand =
  | { readonly kind: 'start'; readonly options: StartOptions }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly text: string };

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  kafka: { type: 'string' },
  'no-demo': { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
} as const;

const HELP = `npm start -- [options]

Runs the whole set on this machine until Ctrl-C: the functions, and an AWS endpoint for SQS, DynamoDB and Secrets Manager.

  --no-demo            without the samples and the receiver
  --kafka HOST:PORT    the samples' dead letters go to a topic of this broker
  --verbose            show every line that the functions log
  --help               show this

Environment: PORT is the port of the AWS endpoint (4566), RECEIVER_PORT that of the receiver (8080), PAGE_PORT that of the
page in the browser (any free one); 0 is any free port.`;

/** Reads the arguments behind `npm start --`. What is wrong is a sentence that says what to give. */
export function startCommandOf(args: readonly string[]): StartCommand {
  // Not strict: its errors speak of this process's code.
  const { tokens, values } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  const known = Object.keys(OPTIONS);
  for (const token of tokens) {
    if (token.kind === 'positional') return wrong(`${JSON.stringify(token.value)} is no option`);
    if (token.kind !== 'option') continue;
    if (!known.includes(token.name)) {
      const meant = closest(token.name, known);
      return wrong(`${token.rawName} is not known${meant === undefined ? '' : `: did you mean --${meant}?`}`);
    }
    if (token.name === 'kafka' ? token.value === undefined : token.value !== undefined)
      return wrong(
        token.name === 'kafka' ? '--kafka needs a broker as HOST:PORT' : `--${token.name} takes no value`,
      );
  }
  if (values.help === true) return { kind: 'help', text: HELP };
  const kafka = typeof values.kafka === 'string' ? values.kafka : undefined;
  const demo = values['no-demo'] !== true;
  if (kafka !== undefined && !isBroker(kafka))
    return wrong(`--kafka is ${JSON.stringify(kafka)}; it must be a broker as HOST:PORT`);
  if (kafka !== undefined && !demo)
    return wrong('--kafka is for the samples, which --no-demo leaves out: put an endpoint of your own');
  return { kind: 'start', options: { demo, kafka, verbose: values.verbose === true } };
}

const wrong = (text: string): StartCommand => ({
  kind: 'wrong',
  text: `${text}${text.endsWith('?') ? '' : '.'} (npm start -- --help shows what there is)`,
});

function isBroker(text: string): boolean {
  const [, port] = /^\S+:(\d{1,5})$/.exec(text) ?? [];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}
