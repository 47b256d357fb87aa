// The serverless CLI's side of the build: checks that the numbers fit, and bundles, before it packages, deploys or invokes.
import * as z from 'zod';
import { bundle } from './bundle.ts';
import { misfit } from './fits.ts';

const queue = z.object({ Properties: z.object({ VisibilityTimeout: z.coerce.number() }) });
const lambda = z.object({ timeout: z.coerce.number() });

/** What the check reads of a service whose variables are resolved. */
const serviceSchema = z.object({
  provider: z.object({
    environment: z.object({ LARGEST_READ_TIMEOUT_MS: z.coerce.number(), ALLOWED_CIDRS: z.string() }),
  }),
  functions: z.object({ route: lambda, deliver: lambda }),
  resources: z.object({ Resources: z.object({ MessagesQueue: queue, DeliveriesQueue: queue }) }),
});

export default class BundlePlugin {
  hooks: Record<string, () => Promise<unknown>>;

  constructor(serverless: { service: unknown; classes: { Error: new (message: string) => Error } }) {
    const checkAndBundle = async () => {
      const { provider, functions, resources } = serviceSchema.parse(serverless.service);
      const { MessagesQueue, DeliveriesQueue } = resources.Resources;
      const fault = misfit({
        deliverTimeoutSeconds: functions.deliver.timeout,
        deliveriesVisibilitySeconds: DeliveriesQueue.Properties.VisibilityTimeout,
        routeTimeoutSeconds: functions.route.timeout,
        messagesVisibilitySeconds: MessagesQueue.Properties.VisibilityTimeout,
        largestReadTimeoutMs: provider.environment.LARGEST_READ_TIMEOUT_MS,
        allowedCidrs: provider.environment.ALLOWED_CIDRS,
      });
      if (fault !== undefined) throw new serverless.classes.Error(fault);
      await bundle();
    };
    this.hooks = {
      'before:package:createDeploymentArtifacts': checkAndBundle,
      'before:package:function:package': checkAndBundle,
      'before:deploy:function:packageFunction': checkAndBundle,
      'before:invoke:local:invoke': bundle,
    };
  }
}
