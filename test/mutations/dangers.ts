// biome-ignore-all lint/suspicious/noTemplateCurlyInString: code as text
// Mutations: each takes one safeguard out of the code and names the tests that must fail then. `npm run test:mutations`
// applies them one by one. test/unit/dangers.test.ts checks that the code and the tests named here still exist.

export type Danger = {
  readonly id: string;
  /** What a user would see without the safeguard. */
  readonly danger: string;
  /** `from` stands in its file exactly once and is replaced by `to`. Several where two safeguards cover each other. */
  readonly edits: readonly (readonly [file: string, from: string, to: string])[];
  /** Below test/unit/, and the start of a test's name. */
  readonly tests: readonly (readonly [file: string, name: string])[];
};

export const DANGERS: readonly Danger[] = [
  {
    id: 'flag-before-entry',
    danger:
      'The backlog entry is written before the pause. A crash between them leaves a backlog that no drain looks for.',
    edits: [
      [
        'lib/deliver/pause.ts',
        "const stop = subscription.onOutage === 'stop';\n",
        "const stop = subscription.onOutage === 'stop';\n  if (fate === 'keep') await park(registration, context.lane, members, deps);\n",
      ],
    ],
    tests: [['deliver/park', 'the flag is written before the entry']],
  },
  {
    id: 'credentials-in-logged-bodies',
    danger:
      'The log line of an attempt has the credentials that the request carries, and that its answer repeats.',
    edits: [
      ['lib/deliver/logged-exchange.ts', 'const redacted = redact(asUtf8);', 'const redacted = asUtf8;'],
      ['lib/deliver/logged-exchange.ts', 'return text === asUtf8 ? redacted : redact(text);', 'return text;'],
    ],
    tests: [['deliver/logged-exchange', 'are in no part of the line']],
  },
  {
    id: 'foreign-secret',
    danger: 'A subscription has the credentials of another sent to its own callback.',
    edits: [
      [
        'lib/subscription/rules.ts',
        'for (const [name, value] of Object.entries(fields)) mayUseSecrets(name, value);',
        'mayUseSecrets("proxy", fields.proxy);',
      ],
    ],
    tests: [['stories/foreign-secrets', 'may not be that of another']],
  },
  {
    id: 'foreign-endpoint-secret',
    danger: 'An endpoint logs in to its Kafka brokers with the password of another.',
    edits: [['lib/endpoint/schema.ts', '  ...foreignSecrets(endpoint, rules),\n', '']],
    tests: [
      ['bridge/batch', 'a letter whose endpoint names'],
      ['stories/endpoint-secrets', 'an endpoint with'],
    ],
  },
  {
    id: 'foreign-letters',
    danger: 'Dead letters that waited for an endpoint go to another tenant, for whom it was put anew.',
    edits: [['lib/bridge/batch.ts', '!serves(found.endpoint, letter.tenant)', 'false']],
    tests: [['bridge/batch', 'put anew, for another tenant']],
  },
  {
    id: 'id-is-one-segment',
    danger:
      'A subscription called acme reads the secrets of one called acme/eu, and one called tenants/x those of a tenant.',
    edits: [
      [
        'lib/item/secret-owner.ts',
        'id.replace(/[^A-Za-z0-9_+.-]/g, hexOf)',
        'id.replace(/[^A-Za-z0-9/_+.-]/g, hexOf)',
      ],
    ],
    tests: [['item/secret-owner', 'a tenant’s secret by an id with a slash']],
  },
  {
    id: 'secret-by-its-name',
    danger:
      'Secrets Manager takes the end of a name for the end of an ARN, and a judgement about one secret is followed by the read of another.',
    edits: [
      ['lib/credentials/secrets.ts', 'got.Name !== undefined && got.Name !== id', 'got.Name === undefined'],
    ],
    tests: [['credentials/secrets', 'only the secret of the very name is used']],
  },
  {
    id: 'drain-number',
    danger:
      'A drain token that arrives twice, late, or from an earlier drain drains the lane too, and each drain sends another token.',
    edits: [
      [
        'lib/deliver/drain.ts',
        'registration.state.lanes[lane]?.drain !== token.drain ||',
        'registration.state.lanes[lane] === undefined ||',
      ],
    ],
    tests: [['queue/tokens', 'a token that comes twice']],
  },
  {
    id: 'lost-token',
    danger: 'A lost drain token leaves its lane closed for ever.',
    edits: [
      ['lib/state/lanes.ts', 'closed.until > now) return undefined;', 'closed.until > 0) return undefined;'],
    ],
    tests: [['queue/tokens', 'a lost token is missed after two minutes']],
  },
  {
    id: 'lane-opened-in-a-move',
    danger: 'A lane is opened while a move writes into it: the messages wait there for ever.',
    edits: [
      ['lib/state/lanes.ts', '  if (state.move !== undefined) return undefined;\n', ''],
      ['lib/deliver/drain.ts', 'registration.state.move !== undefined\n', 'false\n'],
    ],
    tests: [['stories/order-by-key', 'a drain of such a lane']],
  },
  {
    id: 'hand-back-pace',
    danger: 'While an AWS service is down, every message is received again at full speed.',
    edits: [
      [
        'lib/queue/hand-back.ts',
        'Math.min(firstSeconds * 2 ** (Number(attributes.ApproximateReceiveCount) - 1), longestSeconds)',
        '0 * attributes.ApproximateReceiveCount.length * firstSeconds * longestSeconds',
      ],
    ],
    tests: [['deliver/poison', 'for two minutes: nobody is paused, nothing is lost, and nothing goes round']],
  },
  {
    id: 'hand-back-blame',
    danger:
      'A message that was received often because an AWS service was down is taken for a poison message.',
    edits: [
      [
        'lib/deliver/suspects.ts',
        'await takeBackStart(record.messageId, result.unsettled.length === 0 ? 0 : before, deps);',
        '',
      ],
    ],
    tests: [['deliver/poison', 'nor to a message from the queue']],
  },
  {
    id: 'death-repeats-others',
    danger:
      'A poison message that ends the function repeats the suspects that were delivered just before it.',
    edits: [['lib/deliver/suspects.ts', 'await work.remove(settledOf([queued], result));', '']],
    tests: [['deliver/suspects', 'is charged to it alone; the three before it are done for good']],
  },
  {
    id: 'deaths-forgotten',
    danger: 'A poison message is tried for ever, because a start without time forgets its earlier deaths.',
    edits: [['lib/deliver/suspects.ts', 'result.unsettled.length === 0 ? 0 : before', '0']],
    tests: [['deliver/suspects', 'are not forgotten by a start for which no time was left']],
  },
  {
    id: 'poison-entry',
    danger:
      'A backlog entry that kills the function is drained for ever, because its token is counted instead of the entry.',
    edits: [
      ['lib/deliver/deliver-round.ts', 'if (!bounds.suspicious || entry === undefined)', 'if (bounds)'],
    ],
    tests: [
      ['deliver/poison', 'is a dead letter where there is a dlq'],
      ['deliver/poison', 'without a dlq stops the subscription as crashing'],
    ],
  },
  {
    id: 'lane-twice-in-a-wave',
    danger:
      'Two messages of one ordered lane are in one call to SQS, which refuses the first and stores the second.',
    edits: [['lib/route/wave.ts', 'ordered.some((lane) => lanes.has(lane))', 'ordered.length < 0']],
    tests: [
      ['stories/route-order', 'no message is stored in an ordered lane before an earlier one'],
      ['route/batch', 'cost ten calls where all are for one ordered lane'],
    ],
  },
  {
    id: 'refused-in-a-wave',
    danger:
      'A message whose delivery SQS refused counts as routed, because the call stored the others of its wave.',
    edits: [['lib/route/fan-out.ts', 'every((entry) => !refused.has(entry))', 'some(() => true)']],
    tests: [['route/batch', 'exactly those that SQS refused go back']],
  },
  {
    id: 'lane-over-cap',
    danger: 'The lanes of an unordered subscription together have more requests in flight than its cap.',
    edits: [['lib/message/lane-layout.ts', '=== lane).length;', '=== lane).length + 1;']],
    tests: [['message/lane-layout', 'the requests of all lanes together are the cap']],
  },
  {
    id: 'cap-change',
    danger: 'While a cap changes, lanes of the old and of the new count together exceed both caps.',
    edits: [
      [
        'lib/message/lane-layout.ts',
        'laneOfSlot(slot, layout) === lane)',
        'slot % Math.ceil(Math.sqrt(layout.requests)) === lane)',
      ],
    ],
    tests: [['message/lane-layout', 'between two caps no lane has more requests under the smaller one']],
  },
  {
    id: 'probes-of-a-lane',
    danger: 'A lane with several requests probes with all of them at once.',
    edits: [['lib/deliver/drain.ts', "if (phaseOf(registration.state) !== 'going') return 1;", '']],
    tests: [['stories/lanes', 'probes with one message']],
  },
  {
    id: 'crash-of-a-lane',
    danger:
      'After a crash in a drain, entries that were under way beside the poison message are charged with it.',
    edits: [['lib/deliver/entries-page.ts', 'if (suspicious || isStuck)', 'if (isStuck)']],
    tests: [['stories/lanes', 'is found out alone']],
  },
  {
    id: 'settled-behind-unsettled',
    danger:
      'A delivered message is sent again, because Lambda deletes none that follows a failed one of its group.',
    edits: [['lib/deliver/batch.ts', 'if (result.unsettled.length > 0) await early.flush();', '']],
    tests: [['stories/lanes', 'gone before the others are visible']],
  },
  {
    id: 'unsettled-in-the-middle',
    danger:
      'A message that fails in the middle of a lane is dropped, because the one after it was delivered.',
    edits: [
      [
        'lib/deliver/lane.ts',
        'const rest = run.filter((queued) => !settled.has(queued));',
        'const rest = run.slice(settled.size);',
      ],
    ],
    tests: [['stories/lanes', 'hands back exactly those']],
  },
  {
    id: 'removed-lane',
    danger: 'Lanes that a smaller cap has removed go on sending requests.',
    edits: [['lib/deliver/settle.ts', 'if (isOtherLane(delivery, lane, lanes)) {', 'if (lane < 0) {']],
    tests: [['stories/items', 'POST nothing that is still routed to them']],
  },
  {
    id: 'removed-lane-backlog',
    danger: 'The backlog of a removed lane is sent in parallel with the remaining lanes.',
    edits: [
      ['lib/deliver/drain.ts', 'if (lane >= laneCountIn(lanesOfConfig(config)))', 'if (lane < 0)'],
      [
        'lib/deliver/deliver-round.ts',
        'entries.filter((entry) => isOtherLane(entry.delivery, lane, lanes))',
        'entries.filter(() => false)',
      ],
    ],
    tests: [['stories/items', 'move their backlog and what is still in the queue']],
  },
  {
    id: 'gone-with-dlq',
    danger: 'A 410 stops a subscription that has a dlq.',
    edits: [
      [
        'lib/deliver/policy.ts',
        "      if (rules.dlq) return { kind: 'dead-letter', endpoint: rules.dlq.endpoint };\n      return {\n        kind: 'pause',",
        "      if (rules.dlq && outcome.status !== 410) return { kind: 'dead-letter', endpoint: rules.dlq.endpoint };\n      return {\n        kind: 'pause',",
      ],
    ],
    tests: [['stories/outage', '410 with a dlq is a dead letter']],
  },
  {
    id: 'corrected-item',
    danger: 'A corrected config item leaves its subscription paused.',
    edits: [
      [
        'lib/state/machine.ts',
        'return state.pause?.itemHash === itemHash ? undefined : opened(state);',
        'return undefined;',
      ],
    ],
    tests: [
      ['stories/items', 'goes on by itself within ten minutes'],
      ['stories/items', 'goes on at once when a message comes'],
    ],
  },
  {
    id: 'identical-item',
    danger: 'Putting the identical config item again resumes the subscription that paused on it.',
    edits: [
      [
        'lib/state/machine.ts',
        'return state.pause?.itemHash === itemHash ? undefined : opened(state);',
        'return opened(state);',
      ],
    ],
    tests: [['stories/items', 'stays when the same item is put again']],
  },
  {
    id: 'missing-endpoint',
    danger: 'A missing endpoint pauses nobody, or putting it resumes nobody.',
    edits: [
      [
        'lib/state/registration.ts',
        'if (fault === undefined) return reading;',
        'if (fault !== undefined) return reading;\n  if (fault === undefined) return reading;',
      ],
    ],
    tests: [
      ['stories/endpoints', 'is paused as invalid-config'],
      ['stories/endpoints', 'an endpoint that is removed later'],
    ],
  },
  {
    id: 'lag',
    danger:
      'A healthy callback that is too slow fills the 120,000 messages in which SQS looks for free message groups.',
    edits: [['lib/deliver/lag.ts', 'return ageMs > lagSeconds * 1000 && gapMs', 'return ageMs < 0 && gapMs']],
    tests: [['resume/sweep', 'a lane that is healthy but too slow']],
  },
  {
    id: 'drain-slice',
    danger: 'A long drain slice keeps newly arrived messages in the queue behind the drain token.',
    edits: [['lib/deliver/drain.ts', 'deps.now() + deps.sliceMs', 'deps.now() + 10 * deps.sliceMs']],
    tests: [['queue/tokens', 'a slice ends after five seconds']],
  },
  {
    id: 'drain-budget',
    danger: 'A thousand subscriptions that resume at the same time take all of the function’s concurrency.',
    edits: [['lib/resume/drain-shares.ts', '      left -= drains;', '']],
    tests: [['resume/sweep', 'a sweep starts as many drains as its budget']],
  },
  {
    id: 'drain-share-of-a-tenant',
    danger: 'The due subscriptions of one tenant take all drains of a sweep, and another tenant’s wait.',
    edits: [['lib/resume/drain-shares.ts', 'Math.min(left, ofTenant(tenant))', 'left']],
    tests: [['resume/sweep', 'beside a tenant with many due subscriptions']],
  },
  {
    id: 'checks-without-share',
    danger: 'A stop whose item was corrected does not end while its tenant has used its share of the drains.',
    edits: [['lib/resume/sweep.ts', 'await withMoreDue(withoutShare, deps)', '[]']],
    tests: [['resume/sweep', 'the corrected item of a tenant whose share is used']],
  },
  {
    id: 'one-lane-probes',
    danger: 'Every lane of a subscription in an outage sends a probe.',
    edits: [
      ['lib/deliver/drain.ts', 'return lane === probeLane(state) && now', 'return lane >= 0 && now'],
      [
        'lib/state/lane-tokens.ts',
        'if (lane === probeLane(state) && notBefore',
        'if (lane >= 0 && notBefore',
      ],
    ],
    tests: [['stories/outage', 'four lanes that fail at once']],
  },
  {
    id: 'one-failure-an-outage',
    danger: 'Five failures of one outage double its waiting time five times.',
    edits: [
      [
        'lib/state/machine.ts',
        'if (state.epoch !== failure.epoch) return waitLengthened(state, failure, now);',
        'void waitLengthened;',
      ],
    ],
    tests: [
      ['state/machine', 'N failures of one outage are one'],
      ['stories/outage', 'four lanes that fail at once'],
    ],
  },
  {
    id: 'late-retry-after',
    danger: 'A Retry-After in the answer to another lane, a moment after the outage began, is not obeyed.',
    edits: [
      [
        'lib/state/machine.ts',
        'if (state.epoch !== failure.epoch) return waitLengthened(state, failure, now);',
        'void waitLengthened;\n  if (state.epoch !== failure.epoch) return undefined;',
      ],
    ],
    tests: [
      ['state/machine', 'lengthens the wait, and makes the token'],
      ['stories/outage', 'a Retry-After for another lane'],
    ],
  },
  {
    id: 'lengthened-under-the-old-number',
    danger: 'The token for the lengthened wait is a duplicate for SQS, so the outage lasts minutes longer.',
    edits: [
      [
        'lib/state/machine.ts',
        'lane === undefined ? next : probeMoved(next, lane, now)',
        'lane === undefined ? next : probeMoved(next, lane, now) && probeAwaited(next, now)',
      ],
    ],
    tests: [
      ['state/machine', 'lengthens the wait, and makes the token'],
      ['stories/outage', 'a Retry-After for another lane'],
    ],
  },
  {
    id: 'probe-shortens-a-wait',
    danger: 'A probe that fails ends the longer wait that another answer asked for meanwhile.',
    edits: [['lib/state/machine.ts', 'Math.max(now + waitMs, before?.resumeAt ?? 0)', 'now + waitMs']],
    tests: [['state/machine', 'is obeyed also if the probe under way fails']],
  },
  {
    id: 'announced-by-each-lane',
    danger: 'Each lane that lengthens an outage announces it once more.',
    edits: [
      [
        'lib/state/change.ts',
        'const { state, changed, before } = await changeState(',
        'const before = subject.state;\n  const { state, changed } = await changeState(',
      ],
    ],
    tests: [['state/change', 'a change after a lost race is announced']],
  },
  {
    id: 'old-success',
    danger: 'A slow success of an earlier epoch ends a newer outage.',
    edits: [
      [
        'lib/state/machine.ts',
        "state.epoch === epoch && counts('went-well', state)",
        "epoch >= 0 && counts('went-well', state)",
      ],
    ],
    tests: [['stories/outage', 'neither does a success of the same batch']],
  },
  {
    id: 'lone-503',
    danger: 'A single 503 stops an ordered lane until the next sweep.',
    edits: [
      [
        'lib/deliver/attempt-loop.ts',
        "if (action.kind !== 'retry' || !mayStart(deps.now() + action.afterMs)) {",
        'if (action.kind !== undefined) {',
      ],
    ],
    tests: [
      ['stories/outage', 'a lone 503 is no pause'],
      ['stories/outage', 'a retry whose delay fits'],
    ],
  },
  {
    id: 'deleted-backlog',
    danger: 'A deleted subscription leaves its backlog to whoever registers its id next.',
    edits: [
      ['lib/resume/check-subscription.ts', '< deps.unsubscribedAfterMs)', '< Number.POSITIVE_INFINITY)'],
    ],
    tests: [
      ['stories/items', 'that stays away is cleared'],
      ['resume/expiry', 'is undeliverable as unsubscribed within hours'],
    ],
  },
  {
    id: 'deleted-for-a-moment',
    danger: 'Deleting a config item and putting it again a moment later loses its backlog.',
    edits: [['lib/resume/check-subscription.ts', '< deps.unsubscribedAfterMs)', '< 0)']],
    tests: [['stories/items', 'that is back within the hour']],
  },
  {
    id: 'held-is-no-backlog',
    danger: 'A held message counts as backlog, so its lane never opens again.',
    edits: [['lib/state/keys.ts', 'pk: `held#${part(subscription)}`', 'pk: `lane#${part(subscription)}#0`']],
    tests: [['state/held', 'a message that was sent and failed is held']],
  },
  {
    id: 'entry-order',
    danger: 'Backlog entries are sorted as text: sequence number 10 comes before 9.',
    edits: [['lib/state/keys.ts', "`1${place.padStart(39, '0')}#", '`1${place}#']],
    tests: [['deliver/park', 'entries are in the order of their numbers']],
  },
  {
    id: 'entry-identity',
    danger:
      'After a queue is created anew, its sequence numbers start again, and one message overwrites another in the backlog.',
    edits: [
      [
        'lib/state/keys.ts',
        "padStart(39, '0')}#${messageId}${",
        "padStart(39, '0')}#${messageId.slice(0, 0)}${",
      ],
    ],
    tests: [['deliver/park', 'two messages with the same sequence number']],
  },
  {
    id: 'key-lanes',
    danger: 'After a change of the lanes, newer messages of a key overtake those that wait in its old lane.',
    edits: [
      ['lib/deliver/settle.ts', 'if (await lanesAreMoving(registration, lanes, deps)) return PARK;', ''],
    ],
    tests: [['stories/order-by-key', 'while it delivers, behind a backlog']],
  },
  {
    id: 'key-lanes-stale',
    danger:
      'After a change of the lanes, route still sends by the old item when the messages are moved already.',
    edits: [['lib/deployment/config.ts', 'CONFIG_CACHE_SECONDS * 1000 + 5_000', 'CONFIG_CACHE_SECONDS * 0']],
    tests: [['stories/order-by-key', 'while it is paused,']],
  },
  {
    id: 'key-lanes-noted',
    danger:
      'Lanes change and change back while deliver is down: newer messages of a key overtake older ones.',
    edits: [['lib/state/lane-notes.ts', 'if (lanes.several) continue;', 'if (lanes.requests > 0) continue;']],
    tests: [['stories/order-by-key', 'keeps the order of each key']],
  },
  {
    id: 'key-lanes-noted-late',
    danger: 'A note of an item that is older than the one before it leaves messages where nobody looks.',
    edits: [
      [
        'lib/state/lane-notes.ts',
        '(from.version === version ? noteOf(from, current) : undefined)',
        'noteOf(from, current)',
      ],
    ],
    tests: [['state/lane-notes', 'the item is read again: notes are in the order of the items']],
  },
  {
    id: 'key-lanes-token',
    danger: 'A lost token of a move leaves the subscription without deliveries.',
    edits: [
      [
        'lib/state/lane-move.ts',
        'if (move === undefined || now - move.notBefore < TOKEN_MS) return undefined;',
        'if (move !== null) return undefined;',
      ],
    ],
    tests: [['stories/order-by-key', 'whose token is lost']],
  },
  {
    id: 'key-place',
    danger:
      'The backlog of a key is in the order of its lanes, which may differ from the order of the publisher.',
    edits: [['lib/state/entries.ts', 'placeInBacklog(delivery) ?? sequence', 'sequence']],
    tests: [['deliver/park', 'publisher’s order']],
  },
  {
    id: 'index-pages',
    danger: 'The sweep reads only the first page of its index.',
    edits: [['lib/state/table-pages.ts', '} while (after);', '} while (after === null);']],
    tests: [['resume/sweep', 'within the budget everything that is due is found']],
  },
  {
    id: 'slow-in-the-hallway',
    danger: 'Messages of a slow subscription are sent from the queue, and keep its functions busy.',
    edits: [
      [
        'lib/deliver/settle.ts',
        'if (registration.state.slow !== undefined) return PARK;',
        "if (registration.state.slow?.tenant === '') return PARK;",
      ],
    ],
    tests: [['stories/slow', 'is marked after three seconds']],
  },
  {
    id: 'slow-slots',
    danger: 'Slow drains take more functions than their budget.',
    edits: [
      [
        'lib/state/slots.ts',
        "if (Object.keys(taken).length >= all) return 'full';",
        "if (Object.keys(taken).length >= 2 * all) return 'full';",
      ],
      [
        'lib/state/slow-drains.ts',
        'Object.keys(taken).length >= slotLimits.all;',
        'Object.keys(taken).length >= 2 * slotLimits.all;',
      ],
    ],
    tests: [
      ['state/slots', 'is taken while there are some'],
      ['stories/slow', '40 slow subscriptions with two slots take turns'],
    ],
  },
  {
    id: 'slow-tenant-share',
    danger: 'One tenant takes all slots of slow drains.',
    edits: [
      [
        'lib/state/slots.ts',
        ">= perTenant ? 'tenant-full' : undefined",
        ">= all ? 'tenant-full' : undefined",
      ],
    ],
    tests: [['stories/slow', 'a tenant has a quarter of the slots at most']],
  },
  {
    id: 'slow-turns',
    danger: 'Some slow subscriptions get all slots, and others never one.',
    edits: [
      [
        'lib/state/slow-drains.ts',
        'return may.sort((a, b) => a.held - b.held || a.since - b.since)[0]?.subject;',
        'return may.sort((a, b) => b.since - a.since)[0]?.subject;',
      ],
    ],
    tests: [['stories/slow', '40 slow subscriptions with two slots take turns']],
  },
  {
    id: 'slow-tokens',
    danger: 'Tokens that were on their way when a subscription was marked as slow drain it without slots.',
    edits: [
      ['lib/state/slow.ts', '? allWaiting({ ...lanesRenumbered(state), slow }, now)', '? { ...state, slow }'],
    ],
    tests: [['state/slow', 'makes every token on its way invalid']],
  },
  {
    id: 'slow-probes',
    danger: 'Probes that hang until their timeout take more functions than slow drains may.',
    edits: [
      [
        'lib/state/slow-drains.ts',
        'if (await exchangeSlot({ back: holder, wanted }, deps)) return true;',
        'if (wanted.until > 0) return true;',
      ],
    ],
    tests: [['stories/slow', 'probes of slow subscriptions need slots too']],
  },
  {
    id: 'slow-retries',
    danger:
      'The retries of a slow subscription never end, because each way through its backlog starts their count anew.',
    edits: [
      [
        'lib/deliver/park.ts',
        "if (needsSlots(state) || (isRated && phaseOf(state) === 'going')) return delivery;",
        'if (needsSlots(state)) return { ...delivery, retries: 0 };',
      ],
    ],
    tests: [['stories/slow', 'retries of a slow subscription end']],
  },
  {
    id: 'rate-of-each-invocation',
    danger: 'Each invocation starts its rate anew, so a callback gets more requests than its rate.',
    edits: [
      [
        'lib/state/rate-part.ts',
        'stored = { at: (await stateTable.get(key, storedPart))?.at };\n      dueAt = dueAfter(stored);',
        'stored = { at: (await stateTable.get(key, storedPart))?.at };',
      ],
    ],
    tests: [['stories/rate', 'when a function dies']],
  },
  {
    id: 'rate-after-a-crash',
    danger: 'A function that dies has not said that it sent a request, so the next one sends too early.',
    edits: [
      [
        'lib/state/rate-part.ts',
        'if (await stateTable.put(item, isUnchanged)) {',
        'if (!isSpare || (await stateTable.put(item, isUnchanged))) {',
      ],
    ],
    tests: [['stories/rate', 'when a function dies']],
  },
  {
    id: 'rate-in-two-hands',
    danger:
      'Two functions use the same part of a rate at once, so a callback gets more requests than its rate.',
    edits: [
      [
        'lib/state/rate-part.ts',
        'if (await stateTable.put(item, isUnchanged)) {',
        'if (await stateTable.put(item)) {',
      ],
    ],
    tests: [['state/rate-part', 'several functions that use one part']],
  },
  {
    id: 'rate-lock-too-short',
    danger:
      'The lock of a lane ends while its last request is under way, so two functions send for one lane.',
    edits: [['lib/deliver/shorter-lock.ts', 'return { ...bounds, endsAt };', 'return bounds;']],
    tests: [['deliver/shorter-lock', 'every message of the lane is hidden']],
  },
  {
    id: 'rate-without-end',
    danger:
      'The retries of a subscription with a rate never end, because each wait for a turn starts their count anew.',
    edits: [
      [
        'lib/deliver/park.ts',
        "needsSlots(state) || (isRated && phaseOf(state) === 'going')",
        'needsSlots(state)',
      ],
    ],
    tests: [['stories/rate', 'by retries, and they end']],
  },
  {
    id: 'slow-for-ever',
    danger: 'A subscription that is fast again stays slow for ever.',
    edits: [['lib/state/slow.ts', 'return isFast ? state : {', 'return isFast && now < 0 ? state : {']],
    tests: [['stories/slow', 'for a minute and ten exchanges']],
  },
  {
    id: 'index-shards',
    danger: 'Every pause writes to the same partition of the index.',
    edits: [
      [
        'lib/state/due.ts',
        "hash('sha256', text, 'buffer').readUInt8(0) % shards",
        "hash('sha256', text, 'buffer').readUInt8(0) % 1",
      ],
    ],
    tests: [['resume/sweep', 'a thousand paused subscriptions are in all shards']],
  },
  {
    id: 'unprocessed-entries',
    danger: 'Entries that DynamoDB leaves unprocessed are taken for written, and lost.',
    edits: [
      [
        'lib/state/table-batches.ts',
        'const unprocessed = UnprocessedItems?.[table] ?? [];',
        'const unprocessed = UnprocessedItems?.[table]?.slice(0, 0) ?? [];',
      ],
    ],
    tests: [['deliver/park', 'what DynamoDB leaves of a batch is written again']],
  },
  {
    id: 'backlog-expiry',
    danger: 'The backlog of a stopped subscription is kept for ever.',
    edits: [
      [
        'lib/resume/check-subscription.ts',
        'if (oldestAt === undefined || oldestAt > now - deps.retentionMs) continue;',
        'if (oldestAt !== 0) continue;',
      ],
    ],
    tests: [['resume/sweep', 'after the days of the deployment what waits']],
  },
  {
    id: 'held-expiry',
    danger: 'Held messages are kept for ever.',
    edits: [['lib/resume/expiry.ts', 'const before = now - deps.retentionMs;', 'const before = 0;']],
    tests: [
      ['resume/expiry', 'is a dead letter with a dlq'],
      ['resume/expiry', 'is undeliverable without one'],
    ],
  },
  {
    id: 'backlog-measured',
    danger: 'Nobody can see how many messages wait, or since when.',
    edits: [
      [
        'lib/resume/check-subscription.ts',
        'if (looksAtWaiting) await lookAtWaiting();',
        'if (!looksAtWaiting && looksAtHeld) await lookAtWaiting();',
      ],
      [
        'lib/resume/census.ts',
        'return await measureBacklog(subscription, closedLanes(state), endsAt, deps);',
        'return known;',
      ],
    ],
    tests: [['resume/sweep', 'the state tells how much waits']],
  },
  {
    id: 'failing-head',
    danger: 'One message that always fails keeps an unordered subscription paused for ever.',
    edits: [['lib/deliver/pause.ts', 'head.probes >= PROBES_OF_ONE_HEAD;', 'head.probes < 0;']],
    tests: [['stories/outage', 'under auto makes way']],
  },
  {
    id: 'dead-drain',
    danger: 'A drain that dies locks its lane for the queue’s whole visibility timeout.',
    edits: [
      [
        'lib/deliver/batch.ts',
        'records.map(({ receiptHandle }) => ({ receiptHandle, seconds })),\n  );\n  const ours',
        'records.map(({ receiptHandle }) => ({ receiptHandle, seconds: seconds * 4 })),\n  );\n  const ours',
      ],
    ],
    tests: [['queue/tokens', 'a drain that dies locks its lane']],
  },
  {
    id: 'forged-letter',
    danger:
      'A dead letter that somebody forged into an endpoint’s queue is delivered to any subscription, signed.',
    edits: [['lib/redrive/target.ts', 'return target.dlq.name === endpoint ?', 'return target.lanes > 0 ?']],
    tests: [['redrive/redrive', 'is skipped and stays']],
  },
  {
    id: 'letters-of-one-id',
    danger: 'The second of two dead letters with one message id is deleted without being sent.',
    edits: [['lib/redrive/replay.ts', 'replayId ?? null, sequence,', 'replayId ?? null,']],
    tests: [['redrive/redrive', 'in undeliverable are both sent, with and without a recorded sequence']],
  },
  {
    id: 'claim-of-a-local-fault',
    danger: 'at-most-once holds a message that was never sent, because the function had no free socket.',
    edits: [
      [
        'lib/deliver/attempt.ts',
        'code: error.code });\n      await takeBackClaims(claims, deps);',
        'code: error.code });',
      ],
    ],
    tests: [['stories/local-fault', 'every message is delivered once']],
  },
  {
    id: 'endpoint-anywhere',
    danger: "A signed request with the session's token goes to any host that an endpoint's item names.",
    edits: [['lib/endpoint/schema.ts', '  ...faultsOfPlace(endpoint, rules),\n', '']],
    tests: [['endpoint/places', 'is at a host of AWS']],
  },
  {
    id: 'broker-literal',
    danger: 'A broker advertises the address of the metadata service, and the bridge connects to it.',
    edits: [
      [
        'lib/kafka/broker-guard.ts',
        'const found = await checkedAddresses(host, guard);',
        'const found = [{ address: host, family: 4 }] as const;',
      ],
    ],
    tests: [['kafka/broker-guard', 'refuses']],
  },
  {
    id: 'nat64',
    danger: 'A name reaches a private address through the translator of an IPv6-only subnet.',
    edits: [
      [
        'lib/callback/address.ts',
        'return (loopback(within, 4) ?? never(within, 4) ?? notPublic(within, 4)) && translated;',
        'return within && undefined;',
      ],
    ],
    tests: [['callback/address', 'is a translated one (NAT64)']],
  },
  {
    id: 'secrets-manager-fault',
    danger: 'While Secrets Manager throttles, messages under none are dropped and other subscriptions pause.',
    edits: [
      [
        'lib/deliver/attempt-loop.ts',
        "if (outcome.kind === 'unsent' && isFaultOfSecretsManager(outcome.code)) {",
        "if (outcome.kind === 'delivered' && isFaultOfSecretsManager('')) {",
      ],
    ],
    tests: [['stories/aws-faults', 'nothing is sent, dropped or paused']],
  },
  {
    id: 'answer-overhead',
    danger:
      'A receiver that sends headers without end uses CPU time until its deadline, and delays other subscriptions.',
    edits: [
      [
        'lib/callback/head-reader.ts',
        'if (left <= 0) return tooLarge();',
        'if (left === 1) return tooLarge();',
      ],
    ],
    tests: [['callback/head-reader', 'may have exactly 64 KiB']],
  },
  {
    id: 'interim-answers',
    danger: 'A receiver that sends interim answers without end uses CPU time until its deadline.',
    edits: [
      [
        'lib/callback/head-reader.ts',
        'if (interim > MOST_INTERIM_ANSWERS)',
        'if (interim < -MOST_INTERIM_ANSWERS)',
      ],
    ],
    tests: [['callback/head-reader', 'may follow ten interim answers']],
  },
  {
    id: 'chunk-overhead',
    danger: 'A receiver that sends chunk extensions without end uses CPU time until its deadline.',
    edits: [['lib/callback/chunk-reader.ts', 'if (overhead < 0)', 'if (overhead === 0.5)']],
    tests: [['callback/chunk-reader', 'may have as many bytes of']],
  },
  {
    id: 'certain-status',
    danger:
      'A receiver that answers 200 with too many headers gets each message again and again under at-least-once.',
    edits: [
      [
        'lib/callback/head-reader.ts',
        'return head === undefined || head.status < 200 ? undefined : head;',
        'return head === undefined || head.status >= 200 ? undefined : head;',
      ],
    ],
    tests: [['callback/head-reader', 'may have exactly 64 KiB']],
  },
  {
    id: 'batch-claims-left',
    danger:
      'at-most-once holds messages that were never sent, because the claim of another in their batch failed.',
    edits: [
      ['lib/deliver/claims.ts', 'await takeBackClaims(claimed, deps);', 'await takeBackClaims([], deps);'],
    ],
    tests: [['stories/batches', 'a claim that can not be written leaves none behind']],
  },
  {
    id: 'claim-of-a-failed-delete',
    danger:
      'at-most-once holds a delivered message, because SQS did not confirm its delete and its claim has no outcome.',
    edits: [
      [
        'lib/deliver/claimed-removal.ts',
        '.filter(({ delivery }) => names.has(nameOf(delivery)))',
        '.filter(({ delivery }) => !names.has(nameOf(delivery)))',
      ],
    ],
    tests: [['stories/at-most-once', 'where no delete is confirmed']],
  },
  {
    id: 'claim-of-another-copy',
    danger: 'at-most-once holds a delivered message as lost, because its publisher sent it a second time.',
    edits: [['lib/deliver/claim.ts', "if (isOfOtherCopy(claim, message)) return { kind: 'duplicate' };", '']],
    tests: [['stories/at-most-once', 'a message that is published again']],
  },
  {
    id: 'claim-of-a-moved-copy',
    danger:
      'at-most-once loses a message without a trace: it was claimed, the function died, and it was moved to another lane.',
    edits: [['lib/deliver/claim.ts', ' && delivery.sends <= copy.sends', '']],
    tests: [['deliver/claim', 'the same copy, which was moved to another lane']],
  },
  {
    id: 'claim-of-a-merged-entry',
    danger:
      'at-most-once loses a message without a trace: its entry in the backlog was written over by a second copy.',
    edits: [['lib/deliver/claim.ts', 'return !mayBeMerged && ', 'return ']],
    tests: [['deliver/claim', 'an entry that both copies were parked as']],
  },
  {
    id: 'deletes-without-bound',
    danger:
      'After a crash at-most-once holds many delivered messages of a lane, because no delete waited for the one before.',
    edits: [['lib/deliver/claimed-removal.ts', '      await last;\n', '']],
    tests: [['deliver/claimed-removal', 'the second delete begins, and the lane goes on, when']],
  },
  {
    id: 'open-claim-of-a-refusal',
    danger:
      'at-most-once acts on a rejection whose outcome is in no claim: after a crash the reason is lost.',
    edits: [
      [
        'lib/deliver/attempt.ts',
        "if (outcome.kind === 'delivered' && openClaims !== undefined)",
        'if (openClaims !== undefined)',
      ],
    ],
    tests: [['stories/at-most-once', 'any other outcome is in the claim']],
  },
  {
    id: 'batch-claim-of-one',
    danger: 'at-most-once gives all messages of a batch up as lost, because one of them was claimed before.',
    edits: [
      [
        'lib/deliver/attempt.ts',
        "if (members.length > 1) return 'claimed-apart';",
        "if (members.length > 1_000) return 'claimed-apart';",
      ],
    ],
    tests: [['stories/batches', 'a claim that another attempt holds concerns its message alone']],
  },
  {
    id: 'batch-composition',
    danger: 'A retry has other messages than the attempt before, and another id.',
    edits: [['lib/deliver/request-batch.ts', 'one.batch === other.batch &&', '']],
    tests: [['deliver/request-batch', 'keeps those together that were sent together']],
  },
  {
    id: 'batch-twice',
    danger:
      'A message that SQS has twice stands twice in one request, and at-most-once claims it from itself.',
    edits: [['lib/deliver/request-batch.ts', 'if (ids.includes(messageId)) break;', '']],
    tests: [['deliver/request-batch', 'a message that is there twice']],
  },
  {
    id: 'batch-rejected',
    danger: 'One message at fault makes dead letters of all that were in its request.',
    edits: [['lib/deliver/policy.ts', 'isBatch && mayBeOneOfThem', '!isBatch && mayBeOneOfThem']],
    tests: [
      ['stories/batches', 'a rejected batch is sent one by one'],
      ['stories/batches', 'where 5xx answers go to the dlq'],
    ],
  },
  {
    id: 'batch-slow-rejection',
    danger: 'A batch whose rejection takes long is sent for ever, since no slice has time for its members.',
    edits: [
      [
        'lib/deliver/attempt-sending.ts',
        "if (done !== 'settled') return await leaveFrom(index);",
        "if (done !== 'settled') return done;",
      ],
    ],
    tests: [['stories/batches', 'a slow rejection leaves no time for the members']],
  },
  {
    id: 'batch-stuck',
    danger: 'A message that always gets a 5xx holds the others of its batch for ever.',
    edits: [
      [
        'lib/deliver/entries-page.ts',
        'batch !== undefined && (state.pause',
        'batch === undefined && (state.pause',
      ],
    ],
    tests: [['stories/batches', 'a message that fails alone leaves the batch in the end']],
  },
  {
    id: 'filter-before-claim',
    danger: 'What was parked while an item was wrong reaches a callback that its filter keeps it from.',
    edits: [
      [
        'lib/deliver/attempt-sending.ts',
        "if (!isWantedBy(subscription, message)) return 'filter-out';\n  ",
        '',
      ],
    ],
    tests: [['stories/filter', 'what was parked while the item was wrong is filtered']],
  },
];
