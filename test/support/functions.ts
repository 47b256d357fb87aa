// The deployed functions. A test or benchmark passes its own clients and environment to them.
import { SAMPLE_ENVIRONMENT } from '#lib/build/sample-environment.ts';

// Importing a function's file also makes the deployed handler, from the process's environment.
const before = { ...process.env };
Object.assign(process.env, SAMPLE_ENVIRONMENT);
const [bridge, deliver, redrive, resume, route] = await Promise.all([
  import('../../functions/bridge.ts'),
  import('../../functions/deliver.ts'),
  import('../../functions/redrive.ts'),
  import('../../functions/resume.ts'),
  import('../../functions/route.ts'),
]);
for (const name of Object.keys(SAMPLE_ENVIRONMENT)) {
  if (before[name] === undefined) delete process.env[name];
  else process.env[name] = before[name];
}

export const createBridge = bridge.createHandler;
export const createDeliver = deliver.createHandler;
export const createRedrive = redrive.createHandler;
export const createResume = resume.createHandler;
export const createRoute = route.createHandler;
