// The header `webhook-delivery` of an answer that is no 2xx: what the receiver wants to become of the message or of its
// subscription, whatever the status.

export const DIRECTIVES = ['abort-message', 'disable'] as const;
/** `abort-message`: this message is never to come again. `disable`: nothing is to come until a person resumes it. */
export type Directive = (typeof DIRECTIVES)[number];

/** The receiver's wish; undefined when the header is missing or has no known value. Of several, `disable` counts. */
export function directiveIn(header: string | undefined): Directive | undefined {
  const values = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((value) => value.trim());
  return DIRECTIVES.findLast((directive) => values.includes(directive));
}
