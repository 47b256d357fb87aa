// The types of key stores and trust stores, of subscriptions and of endpoints.
import * as z from 'zod';
import { titled } from './field.ts';

/** The schema of a store's `type`, which is one of these words. */
export const storeType = <T extends string>(...values: [T, ...T[]]) =>
  titled(z.literal(values), 'Type', 'The format of the store.');

/** A store that is none. Gravitee's older exports write "", those of today NONE. */
export const noStore = () =>
  titled(
    z.strictObject({ type: storeType('NONE', '') }).transform(() => ({ type: 'NONE' as const })),
    'None',
    'No store.',
  );
