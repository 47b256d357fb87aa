// The serverless CLI's side of the build: before it packages, deploys or invokes it checks that the parameters fit, adds what the
// options take, and bundles.
import * as z from 'zod';
import { bundle } from './bundle.ts';
import { cidrsMisfit, faultIn, misfit, numbersSchema } from './fits.ts';
import { watching } from './observability.ts';
import { optionsMisfit, optionsSchema, partsSchema, tagsOf, withOptions } from './options.ts';

/** What is read of a service whose variables are resolved. */
const serviceSchema = z.object({
  custom: z.object({
    numbers: z.record(z.string(), z.unknown()),
    options: z.record(z.string(), z.unknown()),
  }),
  functions: partsSchema.shape.functions,
  resources: z.looseObject({ Resources: partsSchema.shape.resources }),
});

/** What is changed of it. */
type Service = { functions: object; resources: object; provider: object };

type Serverless = {
  service: Service;
  getProvider(name: 'aws'): { getStage(): string };
  classes: { Error: new (message: string) => Error };
};

/** By name: what is packaged does not know yet where it goes. */
const isEmulated = (stage: string): boolean => stage === 'local' || stage.startsWith('local-');

export default class BundlePlugin {
  hooks: Record<string, () => Promise<unknown>>;

  constructor(serverless: Serverless) {
    const refuse = (fault: string | undefined): void => {
      if (fault !== undefined) throw new serverless.classes.Error(fault);
    };
    let isChanged = false;

    const checkAndBundle = async () => {
      const { service } = serverless;
      const { custom, functions, resources } = serviceSchema.parse(service);
      const numbers = numbersSchema.safeParse(custom.numbers);
      if (!numbers.success) return refuse(faultIn(numbers.error, custom.numbers));
      const options = optionsSchema.safeParse(custom.options);
      if (!options.success) return refuse(faultIn(options.error, custom.options));
      refuse(misfit(numbers.data) ?? cidrsMisfit(options.data.allowedCidrs) ?? optionsMisfit(options.data));
      if (!isChanged) {
        const stage = serverless.getProvider('aws').getStage();
        const changed = withOptions({ functions, resources: resources.Resources }, options.data);
        const watched = watching({
          stackName: `webhooks-${stage}`,
          stage,
          alarmTopicArn: options.data.alarmTopicArn,
          savesQueries: !isEmulated(stage),
          capacity: {
            // One mapping for each of its queues.
            route: 3 * numbers.data.routeMaximumConcurrency,
            deliver: numbers.data.deliverMaximumConcurrency,
            bridge: numbers.data.bridgeMaximumConcurrency,
          },
        });
        Object.assign(service.functions, changed.functions);
        Object.assign(service.resources, { Resources: { ...changed.resources, ...watched } });
        const stackTags = tagsOf(options.data, stage);
        Object.assign(service.provider, { stackTags });
        isChanged = true;
      }
      await bundle();
    };
    this.hooks = {
      'before:package:createDeploymentArtifacts': checkAndBundle,
      'before:package:function:package': checkAndBundle,
      'before:deploy:function:packageFunction': checkAndBundle,
      'before:invoke:local:invoke': () => bundle(),
    };
  }
}
