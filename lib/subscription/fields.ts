// Parses every field of a subscription by its own schema, so that one fault hides no other. rules.ts checks the fields
// together.
import type * as z from 'zod';
import type { Fault } from '#lib/item/fault.ts';
import { dotted, type Path, readField, type Suggestions } from '#lib/item/fault.ts';
import type { Field } from '#lib/item/field.ts';
import { HTTP_FIELDS } from './http-schema.ts';
import { OPTION_FIELDS } from './option-fields.ts';
import type { ItemShape } from './shape.ts';
import { TOP_FIELDS } from './top-fields.ts';

const FIELDS = { ...TOP_FIELDS, ...OPTION_FIELDS, ...HTTP_FIELDS };
type Name = keyof typeof FIELDS;

/** Every field by its name; undefined when it was left out or has a fault. */
export type ItemFields = { readonly [N in Name]: z.output<ReturnType<(typeof FIELDS)[N]>> | undefined };

/** Parses the known fields of an item and collects their faults. */
export function readFields(
  { found, faults: misplaced, blocks }: ItemShape,
  suggest: Suggestions,
): { fields: ItemFields; faults: Fault[] } {
  const faults: Fault[] = [...misplaced];
  const fields: ItemFields = {
    id: required('id', FIELDS.id, ['id']),
    topic: read('topic', FIELDS.topic),
    topics: read('topics', FIELDS.topics),
    filter: read('filter', FIELDS.filter),
    tenant: read('tenant', FIELDS.tenant),
    qos: read('qos', FIELDS.qos),
    order: read('order', FIELDS.order),
    rateLimit: read('rateLimit', FIELDS.rateLimit),
    type: read('type', FIELDS.type),
    entrypointId: read('entrypointId', FIELDS.entrypointId),
    dlq: read('dlq', FIELDS.dlq),
    channel: read('channel', FIELDS.channel),
    metadata: read('metadata', FIELDS.metadata),
    startingAt: read('startingAt', FIELDS.startingAt),
    endingAt: read('endingAt', FIELDS.endingAt),
    callbackUrl: required('callbackUrl', FIELDS.callbackUrl, [
      blocks.at(-1) ?? 'configuration',
      'callbackUrl',
    ]),
    headers: read('headers', FIELDS.headers),
    auth: read('auth', FIELDS.auth),
    interruptConsumptionOnServerError: read(
      'interruptConsumptionOnServerError',
      FIELDS.interruptConsumptionOnServerError,
    ),
    interruptConsumptionOnException: read(
      'interruptConsumptionOnException',
      FIELDS.interruptConsumptionOnException,
    ),
    onOutage: read('onOutage', FIELDS.onOutage),
    retry: read('retry', FIELDS.retry),
    ssl: read('ssl', FIELDS.ssl),
    proxy: read('proxy', FIELDS.proxy),
    signing: read('signing', FIELDS.signing),
    batch: read('batch', FIELDS.batch),
    logging: read('logging', FIELDS.logging),
    metrics: read('metrics', FIELDS.metrics),
    connectTimeout: read('connectTimeout', FIELDS.connectTimeout),
    readTimeout: read('readTimeout', FIELDS.readTimeout),
    idleTimeout: read('idleTimeout', FIELDS.idleTimeout),
    maxConcurrentConnections: read('maxConcurrentConnections', FIELDS.maxConcurrentConnections),
  };
  return { fields, faults };

  function read<S extends z.ZodType>(name: Name, field: Field<S>): z.output<S> | undefined {
    const at = found.get(name);
    return at === undefined ? undefined : readAt(at.path, field, at.value);
  }

  function required<S extends z.ZodType>(name: Name, field: Field<S>, place: Path): z.output<S> | undefined {
    const at = found.get(name);
    if (at !== undefined) return readAt(at.path, field, at.value);
    // A block that is no object has that fault only.
    const block = dotted(place.slice(0, -1));
    if (faults.some(({ path }) => path === block)) return undefined;
    return readAt(place, field, undefined);
  }

  function readAt<S extends z.ZodType>(path: Path, field: Field<S>, value: unknown): z.output<S> | undefined {
    const reading = readField(field, value, path, suggest);
    if (reading.ok) return reading.value;
    faults.push(...reading.faults);
    return undefined;
  }
}
