// The serverless CLI's side of the build. For every command it settles the region and refuses a stage or parameter that
// can't be. Before it packages, deploys or invokes it checks that the parameters fit, adds what follows from them, and
// bundles. Before it deploys it warns when the account's concurrency is too small.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { parametersSchema } from '#lib/deployment/parameters.ts';
import { isLocalStage, stageFault } from '#lib/deployment/stage-and-region.ts';
import { capacityOf, concurrencyWarning } from './account-concurrency.ts';
import { bundle } from './bundle.ts';
import { faultIn, misfit, unknownParameter } from './capacity-check.ts';
import { alarmsAndDashboard } from './observability.ts';
import { partsSchema, tagsOf, withEnvironment, withOptions } from './options.ts';
import { METADATA, type Packaged, packagedSchema, packageVersion } from './packaged.ts';
import { type RegionAnswer, regionFor } from './region.ts';
import { tooLargePolicy, tooLongName } from './template-limits.ts';

/** The parts of a service that the plugin reads after its variables are resolved. */
const serviceSchema = z.object({
  custom: z.object({ parameters: z.record(z.string(), z.unknown()) }),
  functions: partsSchema.shape.functions,
  resources: z.looseObject({ Resources: partsSchema.shape.resources }),
});

/** The functions after they were packaged. */
const artifactsSchema = z.record(z.string(), z.object({ package: z.object({ artifact: z.string() }) }));

/** The parts of a service that the plugin changes. */
type Service = { functions: object; resources: object; provider: { region?: string } };

type Serverless = {
  service: Service;
  processedInput: {
    readonly commands: readonly string[];
    readonly options: {
      readonly param?: readonly string[];
      readonly region?: string;
      readonly 'aws-profile'?: string;
    };
    readonly isHelpRequest: boolean;
  };
  getProvider(name: 'aws'): {
    getStage(): string;
    getRegion(): string;
    /** Credentials as the CLI finds them, those of `--aws-profile` too. */
    getAwsSdkV3Config(): Promise<ConstructorParameters<typeof LambdaClient>[0]>;
  };
  classes: { Error: new (message: string) => Error };
};

/** The logger that serverless passes to a plugin. */
type Writers = { readonly log: { warning(text: string): void } };

/** These commands reach no AWS, so they need no region. */
const WITHOUT_AWS = ['package', 'print', 'plugin', 'doctor'];

export default class BundlePlugin {
  hooks: Record<string, () => Promise<unknown>>;
  readonly #serverless: Serverless;
  #isPrepared = false;

  constructor(serverless: Serverless, _options: unknown, { log }: Writers) {
    this.#serverless = serverless;
    const prepareAndBundle = async () => {
      this.#prepare();
      await bundle();
    };
    this.hooks = {
      'before:package:createDeploymentArtifacts': prepareAndBundle,
      'after:package:createDeploymentArtifacts': async () => this.#writeMetadata(),
      'before:package:function:package': prepareAndBundle,
      'before:deploy:function:packageFunction': prepareAndBundle,
      'before:invoke:local:invoke': prepareAndBundle,
      'before:deploy:deploy': async () => {
        const warning = await this.#concurrencyWarning();
        if (warning !== undefined) log.warning(warning);
      },
    };
  }

  /** serverless calls it before it runs any command. */
  async asyncInit(): Promise<void> {
    const { commands, options, isHelpRequest } = this.#serverless.processedInput;
    if (isHelpRequest) return;
    this.#refuseIf(stageFault(this.#stage()));
    this.#refuseIf(unknownParameter(options.param ?? []));
    const answer: RegionAnswer = await regionFor({
      option: options.region,
      profile: options['aws-profile'],
      env: process.env,
      isLocal: isLocalStage(this.#stage()),
      mustBe: !WITHOUT_AWS.includes(commands[0] ?? ''),
    });
    if (!answer.ok) throw this.#refusal(answer.fault);
    this.#serverless.service.provider.region = answer.region;
  }

  #stage(): string {
    return this.#serverless.getProvider('aws').getStage();
  }

  /** serverless prints its own kind of error without a stack. */
  #refusal(fault: string): Error {
    return new this.#serverless.classes.Error(fault);
  }

  #refuseIf(fault: string | undefined): void {
    if (fault !== undefined) throw this.#refusal(fault);
  }

  async #concurrencyWarning(): Promise<string | undefined> {
    const { custom } = serviceSchema.parse(this.#serverless.service);
    const config = await this.#serverless.getProvider('aws').getAwsSdkV3Config();
    const lambda = new LambdaClient({ ...config });
    return await concurrencyWarning(parametersSchema().parse(custom.parameters), { lambda });
  }

  /** Writes into the template what `webhooks doctor` compares a deployed stage with. The zip files exist by now. */
  #writeMetadata(): void {
    const { service } = this.#serverless;
    const { custom } = serviceSchema.parse(service);
    const code = Object.entries(artifactsSchema.parse(service.functions)).map(([name, { package: made }]) => [
      name,
      createHash('sha256').update(readFileSync(made.artifact)).digest('base64'),
    ]);
    const packaged: Packaged = {
      version: packageVersion(),
      parameters: packagedSchema.shape.parameters.parse(custom.parameters),
      code: Object.fromEntries(code),
    };
    Object.assign(service.resources, { Metadata: { [METADATA]: packaged } });
  }

  /** Checks the parameters, and puts into the service what follows from them, once. */
  #prepare(): void {
    if (this.#isPrepared) return;
    const { service } = this.#serverless;
    const { custom, functions, resources } = serviceSchema.parse(service);
    const parsed = parametersSchema().safeParse(custom.parameters);
    if (!parsed.success) throw this.#refusal(faultIn(parsed.error, custom.parameters));
    const values = parsed.data;
    this.#refuseIf(misfit(values));
    const stage = this.#stage();
    const stackName = `webhooks-${stage}`;
    const changed = withOptions(
      { functions: withEnvironment(functions, custom.parameters), resources: resources.Resources },
      values,
    );
    const observability = alarmsAndDashboard({
      stackName,
      stage,
      alarmTopicArn: values.alarmTopicArn,
      // By name: what is packaged does not know yet where it goes.
      savesQueries: !isLocalStage(stage),
      capacity: capacityOf(values),
    });
    const region = this.#serverless.getProvider('aws').getRegion();
    this.#refuseIf(
      tooLongName(changed, { stage, stackName }) ?? tooLargePolicy(changed.resources, { ...values, region }),
    );
    Object.assign(service.functions, changed.functions);
    Object.assign(service.resources, { Resources: { ...changed.resources, ...observability } });
    Object.assign(service.provider, { stackTags: tagsOf(values, stage) });
    this.#isPrepared = true;
  }
}
