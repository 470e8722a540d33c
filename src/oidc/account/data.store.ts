import type { Queryable } from '../../database/database.ts';

export type TermsRow = { version: string; acceptedAt: Date };

export function termsAcceptedBy(db: Queryable, accountId: string): Promise<TermsRow[]> {
  return db.query(
    `select version, accepted_at as "acceptedAt" from terms_acceptances
      where account_id = $1 order by accepted_at`,
    [accountId],
  );
}

export type EventRow = {
  at: Date;
  action: string;
  outcome: string;
  by: 'you' | 'somebody else';
  application: string | null;
  address: string | null;
};

/** What was done by or to an account. Whoever else did it stays unnamed, with their address. */
export function eventsAbout(db: Queryable, accountId: string): Promise<EventRow[]> {
  return db.query(
    `select at, action, outcome, client_id as application,
        case when actor = $1 then 'you' else 'somebody else' end as by,
        case when actor = $1 then address end as address
      from audit where target = $1 or actor = $1 order by at, id`,
    [accountId],
  );
}
