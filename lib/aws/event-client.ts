// What of EventBridge's client is used, as a file of its own: it is imported with the first event, because most invocations
// announce nothing, and the import would lengthen every cold start.
export { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
