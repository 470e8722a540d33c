import type Router from '@koa/router';
import { relyingPartyOf } from '../../factors/relying-party.ts';
import { exactRouter } from '../../http/exact-router.ts';
import type { Needs } from '../needs.ts';
import { passkeysPath } from './passkeys.ts';

/** Where password managers and browsers send their people (W3C: Passkey Endpoints, Change Password URL). */
export function wellKnownRoutes({ publicUrl }: Needs<'publicUrl'>): Router {
  const router = exactRouter();
  router.get('/.well-known/change-password', (ctx) => ctx.redirect('/account/password'));
  if (relyingPartyOf(publicUrl)) {
    const url = `${publicUrl}${passkeysPath}`;
    router.get('/.well-known/passkey-endpoints', (ctx) => {
      ctx.body = { enroll: url, manage: url };
    });
  }
  return router;
}
