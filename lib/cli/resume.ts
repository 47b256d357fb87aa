// `npm run resume -- REQUEST`: asks `resume` for something, on `npm start` or on AWS_ENDPOINT_URL, and prints the answer.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { endpointUrl, fail } from './command.ts';

const [request, ...more] = process.argv.slice(2);
if (request === undefined || more.length > 0) {
  fail(`Give one request: npm run resume -- '{"subscription": "ID", "action": "status"}'`, 2);
}
const lambda = new LambdaClient({
  endpoint: endpointUrl(),
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const answered = await lambda
  .send(new InvokeCommand({ FunctionName: 'webhooks-local-resume', Payload: Buffer.from(request) }))
  .catch(fail);
const answer = JSON.parse(Buffer.from(answered.Payload ?? []).toString());
console.log(JSON.stringify(answer, null, 2));
if (answered.FunctionError !== undefined || answer.ok === false) process.exitCode = 1;
