// Items that are costly to read, beside healthy subscriptions.
import { testBeside } from '#test/support/neighbours/cases.ts';
import { ITEMS } from '#test/support/neighbours/items.ts';

testBeside(ITEMS);
