// The numbers of a deployment that changes none, as the functions have them.
import { SAMPLE_ENVIRONMENT } from '#lib/build/sample-environment.ts';
import { deliverEnvironment, readConfig } from '#lib/config.ts';
import { deliveryLimits } from '#lib/delivery/limits.ts';

export const LIMITS = deliveryLimits(readConfig(deliverEnvironment, SAMPLE_ENVIRONMENT));
