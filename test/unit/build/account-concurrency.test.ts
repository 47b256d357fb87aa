import { expect, test } from 'vitest';
import { capacityOf, concurrencyWarning } from '#lib/build/account-concurrency.ts';
import { parametersWith } from '#test/support/parameters.ts';

const VALUES = parametersWith({
  routeMaximumConcurrency: 50,
  deliverMaximumConcurrency: 200,
  bridgeMaximumConcurrency: 20,
});
const accountWith = (UnreservedConcurrentExecutions: number) => ({
  lambda: { send: async () => ({ AccountLimit: { UnreservedConcurrentExecutions } }) },
});

test('route may run three times its maximum: it has three queues', () => {
  expect(capacityOf(VALUES)).toEqual({ route: 150, deliver: 200, bridge: 20 });
});

test('an account with just enough concurrency gets no warning, one with less is told both numbers', async () => {
  expect(await concurrencyWarning(VALUES, accountWith(372))).toBeUndefined();
  expect(await concurrencyWarning(VALUES, accountWith(371))).toContain(
    'may run 372 invocations at once, and the account has 371 left',
  );
  // A new account has ten.
  expect(await concurrencyWarning(VALUES, accountWith(10))).toContain('deliverMaximumConcurrency');
});

test('a deployer without the right is told which right is missing, and is not stopped', async () => {
  const lambda = {
    send: async () => {
      throw Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
    },
  };
  expect(await concurrencyWarning(VALUES, { lambda })).toContain(
    '(AccessDeniedException): allow lambda:GetAccountSettings',
  );
});
