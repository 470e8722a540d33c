import type { Queryable } from '../database/database.ts';
import { requestContext } from '../http/request-context.ts';
import type { AuditAction } from './actions.ts';

/** What an audit row says. Ids only: names, mail addresses and secrets never come here. */
export type AuditEvent = {
  action: AuditAction;
  /** An account id, a client id, `operator` or `system`; `nobody` before anyone is known. */
  actor: string;
  outcome?: 'success' | 'failure';
  tenantId?: string | null;
  target?: string | null;
  clientId?: string | null;
  detail?: Record<string, string | number | boolean | null>;
};

type Listener = (event: AuditEvent) => void;
const listeners: Listener[] = [];

/** Lets the log and the metrics hear of every event; called once each at start. */
export function onEvent(listener: Listener): void {
  listeners.push(listener);
}

/**
 * The one way to say that something security-relevant happened: an audit row in the transaction of
 * its reason, and once that is committed a log line and a metric. Address and request id come from the request being served.
 */
export async function record(db: Queryable, event: AuditEvent): Promise<void> {
  const request = requestContext();
  await db.query(
    `insert into audit
      (tenant_id, actor, action, target, client_id, address, outcome, request_id, detail)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      event.tenantId ?? null,
      event.actor,
      event.action,
      event.target ?? null,
      event.clientId ?? null,
      request?.address ?? null,
      event.outcome ?? 'success',
      request?.requestId ?? null,
      JSON.stringify(event.detail ?? {}),
    ],
  );
  const tell = () => {
    for (const listener of listeners) listener(event);
  };
  if (db.afterCommit) db.afterCommit(tell);
  else tell();
}
