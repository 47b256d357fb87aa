// Runs a command with a real Kafka broker: `node test/support/kafka/run.ts COMMAND…`. The command reads the broker's
// addresses from the variable KAFKA, as JSON. The broker ends with the command.
import { spawn } from 'node:child_process';
import { startBroker } from './broker.ts';
import { KAFKA_VERSION, missing } from './java.ts';

const [command, ...args] = process.argv.slice(2);
const fault = command === undefined ? 'This needs a command to run.' : missing();
if (fault !== undefined || command === undefined) {
  console.error(fault);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const { plaintext, saslPlaintext, saslSsl, ssl } = await startBroker();
console.log(`Apache Kafka ${KAFKA_VERSION} answers on ${plaintext}`);
const addresses = JSON.stringify({ plaintext, saslPlaintext, saslSsl, ssl });
const run = spawn(command, args, { stdio: 'inherit', env: { ...process.env, KAFKA: addresses } });
run.on('error', (error) => {
  console.error(`${command} can't be run: ${error.message}`);
  process.exit(1);
});
run.on('exit', (code) => process.exit(code ?? 1));
