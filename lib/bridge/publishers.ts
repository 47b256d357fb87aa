// The publisher and the circuit breaker of each endpoint, kept between invocations. An endpoint with a changed item gets
// new ones.
import type { Endpoint, KafkaEndpoint, SqsEndpoint } from '#lib/endpoint/endpoint.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import type { Publisher } from './bridged-letter.ts';

export type Kept = { readonly publisher: Publisher; readonly breaker: Breaker };
export type Publishers = { of(endpoint: Endpoint): Kept };

export type PublishersDeps = {
  readonly kafka: (endpoint: KafkaEndpoint) => Publisher;
  readonly sqs: (endpoint: SqsEndpoint) => Publisher;
  readonly now: () => number;
  readonly random: () => number;
};

/** Kept endpoints at most; the oldest is closed beyond this. */
const MOST_KEPT = 100;

/** Makes the cache of publishers and circuit breakers. `kafka` and `sqs` make the publisher of an endpoint. */
export function createPublishers({ kafka, sqs, now, random }: PublishersDeps): Publishers {
  const kept = new Map<string, Kept & { readonly version: string }>();

  function letGo(name: string): void {
    kept.get(name)?.publisher.close();
    kept.delete(name);
  }

  return {
    of(endpoint) {
      const version = JSON.stringify(endpoint);
      const known = kept.get(endpoint.name);
      if (known?.version === version) return known;
      letGo(endpoint.name);
      for (const oldest of kept.keys()) {
        if (kept.size < MOST_KEPT) break;
        letGo(oldest);
      }
      const publisher = endpoint.type === 'kafka' ? kafka(endpoint) : sqs(endpoint);
      const made = { publisher, breaker: createBreaker({ now, random }), version };
      kept.set(endpoint.name, made);
      return made;
    },
  };
}
