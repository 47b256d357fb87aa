// The account's Lambda concurrency against what the stage may use.
import { lackOfConcurrency } from '#lib/build/account-concurrency.ts';
import type { DoctorClients } from './clients.ts';
import type { Desired } from './desired.ts';
import type { Sight } from './unseen.ts';

/** Finds an account that has less concurrency than the stage may use. */
export async function lookAtCapacity(
  { values }: Desired,
  sight: Sight,
  { lambda }: Pick<DoctorClients, 'lambda'>,
): Promise<void> {
  const lack = await sight.look("the account's concurrency", 'lambda:GetAccountSettings', async () => ({
    sentence: await lackOfConcurrency(values, { lambda }),
  }));
  if (lack?.sentence === undefined) return;
  const [what = '', fix = ''] = lack.sentence.split(': ');
  sight.find({
    severity: 'warning',
    where: 'the account',
    what: `${what}.`,
    fix: `${fix.charAt(0).toUpperCase()}${fix.slice(1)}`,
  });
}
