import assert from 'node:assert/strict';
import { type Credentials, enterPassword } from '../../oidc/application.ts';
import type { World } from '../../oidc/world.ts';
import { Visitor, type VisitorOptions } from '../../support/forms.ts';
import type { Page } from '../../support/page.ts';

export type Guest = { visitor: Visitor; page: Page };

/** A browser of its own that has signed in to the account page. */
export async function visitAccount(
  world: World,
  person: Credentials,
  options: VisitorOptions = {},
): Promise<Guest> {
  const visitor = new Visitor(options);
  const page = await enterPassword(visitor, await visitor.open(`${world.url}/account`), person);
  assert.equal(page.url.pathname, '/account', page.text.slice(0, 300));
  return { visitor, page };
}

/** Makes every sign-in so far longer ago than a proof may be. */
export async function letProofsGrowOld(world: World): Promise<void> {
  await world.database.query(
    `update oidc_artifacts
      set payload = jsonb_set(payload, '{loginTs}', to_jsonb((payload->>'loginTs')::int - 601))
      where model = 'Session' and payload ? 'loginTs'`,
  );
  await world.database.query(
    `update oidc_artifacts
      set payload = jsonb_set(payload, '{lastSubmission,login,ts}',
        to_jsonb((payload #>> '{lastSubmission,login,ts}')::int - 601))
      where model = 'Interaction' and payload #> '{lastSubmission,login,ts}' is not null`,
  );
}

/** What the audit says was done to somebody, in order. */
export async function actionsOn(world: World, accountId: string): Promise<string[]> {
  const rows = await world.database.query<{ action: string }>(
    'select action from audit where target = $1 order by id',
    [accountId],
  );
  return rows.map(({ action }) => action);
}
