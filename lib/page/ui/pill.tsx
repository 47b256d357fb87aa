// The states and outcomes of the page, each with its colour and its meaning.
import type { ShownState } from '#lib/cli/actions/state-of.ts';

const TONES: Readonly<Record<string, string>> = {
  going: 'good',
  delivered: 'good',
  slow: 'warn',
  draining: 'warn',
  outage: 'warn',
  unsent: 'warn',
  unknown: 'warn',
  stopped: 'bad',
  unreadable: 'bad',
  rejected: 'bad',
  failed: 'bad',
  retrying: 'warn',
  waiting: 'warn',
  parked: 'warn',
  delayed: 'warn',
  held: 'warn',
  'dead-letter': 'warn',
  'letter-waits': 'warn',
  bridged: 'warn',
  dropped: 'bad',
  skipped: 'bad',
  discarded: 'bad',
  'held-discarded': 'bad',
  undeliverable: 'bad',
  'without-subscription': 'bad',
};

const MEANING: Readonly<Record<ShownState, string>> = {
  going: 'Messages are delivered as they come.',
  slow: 'The callback takes long. Messages go through the backlog.',
  draining: 'The backlog is being delivered, in order.',
  outage: 'The callback fails. A probe is sent from time to time, and deliveries continue when one succeeds.',
  stopped: 'Nothing is delivered until somebody resumes it or changes its item.',
  unreadable: 'The stored state has an unknown format.',
};

const meaningOf = (word: string): string | undefined =>
  Object.entries(MEANING).find(([name]) => name === word)?.[1];

/** A state or an outcome, in colour and in words. */
export function Pill({ word }: { readonly word: string }) {
  const meaning = meaningOf(word);
  return (
    <span class={`pill ${TONES[word] ?? ''}`} {...(meaning !== undefined && { title: meaning })}>
      {word}
    </span>
  );
}
