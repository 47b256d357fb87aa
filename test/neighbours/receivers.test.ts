// Receivers that answer as no receiver should, or as few do, beside healthy subscriptions.
import { testBeside } from '#test/support/neighbours/cases.ts';
import { RECEIVERS } from '#test/support/neighbours/receivers.ts';

testBeside(RECEIVERS);
