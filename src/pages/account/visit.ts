import type { Context } from 'koa';
import type { AccountNotice } from '../../../views/registry.account.ts';
import type { PageName, Pages } from '../../../views/registry.ts';
import type { AuditAction } from '../../audit/actions.ts';
import { record } from '../../audit/events.ts';
import type { Transaction } from '../../database/database.ts';
import { readForm } from '../../http/forms.ts';
import { browserOf } from '../../oidc/browser.ts';
import type { Needs, PageDependencies } from '../needs.ts';
import type { Person } from './person.ts';

/** What it takes to show a page of the account. */
type Own = 'cookies' | 'database' | 'fingerprints' | 'pages' | 'secureCookies';

/**
 * One request of somebody who is signed in and looks after their account. `Visit<'limits'>` is one to a
 * page that needs the limits besides.
 */
export class Visit<Name extends keyof PageDependencies = never> {
  readonly ctx: Context;
  readonly parts: Needs<Own | Name>;
  readonly account: Person['account'];
  readonly tenant: Person['tenant'];
  readonly session: Person['session'];

  constructor(ctx: Context, parts: Needs<Own | Name>, person: Person) {
    this.ctx = ctx;
    this.parts = parts;
    this.account = person.account;
    this.tenant = person.tenant;
    this.session = person.session;
  }

  get browser(): string {
    return browserOf(this.ctx, this.parts);
  }

  get locale(): string {
    return this.parts.pages.language(this.ctx, this.tenant);
  }

  /** 422 where the page names errors, so that programs see them too. */
  show<Name extends PageName>(name: Name, page: Pages[Name]): void {
    const refused = 'errors' in page && Object.keys(page.errors).length > 0;
    this.parts.pages.show(this.ctx, name, page, {
      tenant: this.tenant,
      owner: this.account.id,
      status: refused ? 422 : 200,
    });
  }

  /**
   * A form that was left open says whose account it is about: whoever has signed in in another tab
   * since does not want theirs changed by it.
   */
  async isOfSomebodyElse(): Promise<boolean> {
    const { owner } = await readForm(this.ctx);
    return owner !== undefined && owner !== this.account.id;
  }

  /** Says who is signed in now. */
  showSwitched(): void {
    const { name, handle } = this.account;
    const page = { account: { name, handle }, continueUrl: '/account' };
    this.parts.pages.show(this.ctx, 'switched', page, { tenant: this.tenant, status: 409 });
  }

  /** 303, so that the browser asks for the next page instead of posting the form again. */
  redirect(path: string): void {
    this.ctx.status = 303;
    this.ctx.redirect(path);
  }

  /** Back to the account page, which says what was done. */
  done(notice: AccountNotice): void {
    this.redirect(`/account?notice=${notice}`);
  }

  /** An audit row about something that the person did to the own account. */
  record(
    tx: Transaction,
    action: AuditAction,
    event: { outcome?: 'failure'; clientId?: string } = {},
  ): Promise<void> {
    const { id, tenantId } = this.account;
    return record(tx, { action, actor: id, target: id, tenantId, ...event });
  }
}
