// The filters of ListSecrets and BatchGetSecretValue. `all`, `primary-region` and `owning-service` are refused.
import * as z from 'zod';
import type { Secret } from './vault.ts';

export const filters = z
  .array(
    z.object({
      Key: z.enum(['name', 'description', 'tag-key', 'tag-value']),
      Values: z.array(z.string().min(1)).min(1).max(10),
    }),
  )
  .max(10);

type Filter = z.infer<typeof filters>[number];

/** Whether a secret passes every filter: a filter has prefixes, one of which must fit; after a `!`, none may. */
export function secretMatches(secret: Secret, wanted: Filter[]): boolean {
  return wanted.every((filter) => {
    const fits = (prefix: string) => texts(secret, filter.Key).some(startsWith(filter.Key, prefix));
    const refused = filter.Values.filter((prefix) => prefix.startsWith('!')).map((prefix) => prefix.slice(1));
    const accepted = filter.Values.filter((prefix) => !prefix.startsWith('!'));
    return !refused.some(fits) && (accepted.length === 0 || accepted.some(fits));
  });
}

function texts(secret: Secret, key: Filter['Key']): string[] {
  switch (key) {
    case 'name':
      return [secret.name];
    case 'description':
      return [secret.description ?? ''];
    case 'tag-key':
      return [...secret.tags.keys()];
    case 'tag-value':
      return [...secret.tags.values()];
  }
}

/** Descriptions alone are compared without regard to case. */
function startsWith(key: Filter['Key'], prefix: string) {
  if (key !== 'description') return (text: string) => text.startsWith(prefix);
  return (text: string) => text.toLowerCase().startsWith(prefix.toLowerCase());
}
