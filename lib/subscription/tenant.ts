// Whose subscription it is, for everything that is shared out by tenant.

/**
 * The tenant of a subscription, as text that no other tenant has. A subscription without the field `tenant` is its own
 * tenant.
 */
export const tenantOf = ({
  id,
  tenant,
}: {
  readonly id: string;
  readonly tenant?: string | undefined;
}): string => (tenant === undefined ? `subscription ${id}` : `tenant ${tenant}`);
