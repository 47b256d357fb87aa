// Messages and letters on queues, and endpoints that lead elsewhere, beside healthy subscriptions.
import { testBeside } from '#test/support/neighbours/cases.ts';
import { QUEUED } from '#test/support/neighbours/queued.ts';

testBeside(QUEUED);
