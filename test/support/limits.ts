// The limits of a deployment with default parameters, as the functions read them.
import { SAMPLE_ENVIRONMENT } from '#lib/build/sample-environment.ts';
import { deliveryLimits } from '#lib/deliver/limits.ts';
import { deliverEnvironment, readConfig } from '#lib/deployment/config.ts';

export const LIMITS = deliveryLimits(readConfig(deliverEnvironment, SAMPLE_ENVIRONMENT));
