// The serverless CLI's side of the build: bundles before it packages, deploys or invokes.
import { bundle } from './bundle.ts';

export default class BundlePlugin {
  hooks = {
    'before:package:createDeploymentArtifacts': bundle,
    'before:package:function:package': bundle,
    'before:deploy:function:packageFunction': bundle,
    'before:invoke:local:invoke': bundle,
  };
}
