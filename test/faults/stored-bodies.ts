// The bodies of held messages, from the items of the state table. A long body is in parts of its own.
import * as z from 'zod';

const heldSchema = z.looseObject({
  pk: z.string(),
  sk: z.string(),
  body: z.string(),
  bodyParts: z.number().optional(),
  reason: z.string().optional(),
});
const partSchema = z.looseObject({ bytes: z.instanceof(Uint8Array) });

type Held = {
  readonly subscription: string;
  readonly id: string;
  readonly body: string;
  readonly reason?: string | undefined;
};

/** `items`: the whole state table. A part that is missing is left out of its body. */
export function heldBodies(items: readonly Readonly<Record<string, unknown>>[]): Held[] {
  return items.flatMap((item) => {
    if (!String(item.pk).startsWith('held#')) return [];
    const { pk, sk, body, bodyParts, reason } = heldSchema.parse(item);
    const [, subscription = ''] = pk.split('#');
    const whole = bodyParts === undefined ? body : joined(`part#${pk}#${sk}`);
    return [{ subscription, id: sk, body: whole, reason }];
  });

  function joined(partition: string): string {
    const parts = items
      .filter(({ pk }) => pk === partition)
      .sort((one, other) => Number(one.sk) - Number(other.sk))
      .map((item) => partSchema.parse(item).bytes);
    return Buffer.concat(parts).toString();
  }
}
