// Items that want what is not theirs, and messages that harm those who get them, beside healthy subscriptions.
import { testBeside } from '#test/support/neighbours/cases.ts';
import { OTHERS } from '#test/support/neighbours/others.ts';

testBeside(OTHERS);
