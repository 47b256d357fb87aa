// Parses an endpoint's config item: the endpoint, or all its faults.
import * as z from 'zod';
import { withoutBlanks } from '#lib/item/blanks.ts';
import { tooLarge } from '#lib/item/bounds.ts';
import type { Fault } from '#lib/item/fault.ts';
import { dotted, firstFaults, oneFaultPerPath, readField, WHOLE_ITEM } from '#lib/item/fault.ts';
import { field, text, titled } from '#lib/item/field.ts';
import { isObject, nonJson } from '#lib/item/json.ts';
import { withoutNotes } from '#lib/item/note.ts';
import type { SecretUser } from '#lib/item/secret-owner.ts';
import { type SecretReference, secretsIn } from '#lib/item/secret-reference.ts';
import { tenant } from '#lib/item/tenant-field.ts';
import { type Endpoint, UNDELIVERABLE } from './endpoint.ts';
import { kafkaConfiguration } from './kafka-schema.ts';
import { faultsOfPlace, type PlaceRules } from './places.ts';
import { sqsConfiguration } from './sqs-schema.ts';

const name = () =>
  titled(
    text(128)
      .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters, without spaces')
      .refine((text) => text !== UNDELIVERABLE, `must not be ${UNDELIVERABLE}, which is an endpoint already`),
    'Name',
    'What subscriptions call it in dlq.endpoint: 1 to 128 visible ASCII characters.',
  );

const type = <T extends string>(value: T) => titled(z.literal(value), 'Type', 'What the endpoint is.');

export const endpointItem = field(() =>
  titled(
    z.discriminatedUnion('type', [
      titled(
        z.strictObject({
          name: name(),
          tenant: tenant().optional(),
          type: type('kafka'),
          configuration: kafkaConfiguration(),
        }),
        'Kafka',
        'A Kafka topic.',
      ),
      titled(
        z.strictObject({
          name: name(),
          tenant: tenant().optional(),
          type: type('sqs'),
          configuration: sqsConfiguration(),
        }),
        'SQS',
        'An SQS queue.',
      ),
    ]),
    'Endpoint',
    'Where rejected messages go: an item of the table of endpoints.',
  ),
);

export type ParsedEndpoint =
  | { readonly ok: true; readonly endpoint: Endpoint }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The deployment's rules for endpoints. */
export type EndpointRules = PlaceRules & {
  /** Why an item may not use a secret; undefined when it may. */
  readonly checkSecret: (reference: SecretReference, user: SecretUser) => string | undefined;
};

/** Parses an item as the DynamoDB document client returns it. No fault repeats a value; one that is too large has that fault alone. */
export function parseEndpoint(item: unknown, rules: EndpointRules): ParsedEndpoint {
  const excess = tooLarge(item);
  if (excess !== undefined) return { ok: false, faults: [{ path: WHOLE_ITEM, reason: excess }] };
  if (!isObject(item)) return { ok: false, faults: [{ path: WHOLE_ITEM, reason: 'must be an object' }] };
  const own = withoutNotes(item);
  const broken = nonJson(own);
  const reading = readField(endpointItem, withoutBlanks(own), []);
  const faults = oneFaultPerPath(broken, reading.ok ? against(reading.value, rules) : reading.faults);
  return reading.ok && faults.length === 0
    ? { ok: true, endpoint: reading.value }
    : { ok: false, faults: firstFaults(faults) };
}

const against = (endpoint: Endpoint, rules: EndpointRules): Fault[] => [
  ...faultsOfPlace(endpoint, rules),
  ...foreignSecrets(endpoint, rules),
];

function foreignSecrets({ name, tenant, configuration }: Endpoint, { checkSecret }: EndpointRules): Fault[] {
  return secretsIn(configuration, ['configuration']).flatMap(({ path, reference }) => {
    const reason = checkSecret(reference, { kind: 'endpoint', name, tenant });
    return reason === undefined ? [] : [{ path: dotted(path), reason }];
  });
}
