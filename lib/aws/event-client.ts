// The classes of EventBridge's client that the functions use. They have a file of their own, because it is imported only for
// the first event: most invocations send no event, and the import would lengthen every cold start.
export { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
