import type Router from '@koa/router';
import { exactRouter } from '../../http/exact-router.ts';
import type { Needs } from '../needs.ts';
import { passkeysPath } from './passkeys.ts';

/** Where password managers and browsers send their people (W3C: Passkey Endpoints, Change Password URL). */
export function wellKnownRoutes({
  publicUrl,
  relyingParty,
}: Needs<'publicUrl' | 'relyingParty'>): Router {
  const router = exactRouter();
  router.get('/.well-known/change-password', (ctx) => ctx.redirect('/account/password'));
  if (relyingParty) {
    const url = `${publicUrl}${passkeysPath}`;
    router.get('/.well-known/passkey-endpoints', (ctx) => {
      ctx.body = { enroll: url, manage: url };
    });
  }
  return router;
}
