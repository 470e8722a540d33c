import type { Queryable } from '../database/database.ts';
import { requestContext } from '../http/request-context.ts';
import { type AuditEvent, insertEvent } from './audit.store.ts';

type Listener = (event: AuditEvent) => void;
const listeners: Listener[] = [];

/** Lets the log and the metrics hear of every event; called once each at start. */
export function onEvent(listener: Listener): void {
  listeners.push(listener);
}

/**
 * The one way to say that something security-relevant happened: an audit row in the transaction of
 * its reason, and once that is committed a log line and a metric. Address and request id come from the
 * request being served.
 */
export async function record(db: Queryable, event: AuditEvent): Promise<void> {
  await insertEvent(db, event, requestContext());
  for (const listener of listeners) db.afterCommit(() => listener(event));
}
