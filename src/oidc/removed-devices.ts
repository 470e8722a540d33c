import type Provider from 'oidc-provider';
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { ClientDirectory } from '../clients/directory.ts';
import type { Database } from '../database/database.ts';
import { lastSignIn } from './client-sessions.store.ts';

const { Check } = interactionPolicy;

/** What is known of people's devices on the homeserver. Absent where no worker can ask it. */
export type MatrixDevices = {
  /**
   * Whether one of the account's was removed since a proof, or never came of this browser's sign-in
   * (both in seconds since the epoch); undefined where that could not be found out.
   */
  wasRemoved(
    accountId: string,
    at: { proof: number; signIn?: number },
  ): Promise<boolean | undefined>;
  /** A sign-in is about to make one. */
  expect(accountId: string): Promise<void>;
};

type Parts = { database: Database; clients: ClientDirectory; matrixDevices?: MatrixDevices };

/**
 * Who signs out in a Matrix client, or removes a device from afar, does not want that whoever is at
 * the browser enters again with a press: our session there knows nothing of it. So after a removal a
 * homeserver's sign-in wants a proof. Where nobody can ask the homeserver, one proof is good for one
 * device in each browser.
 */
export function removedDevice({ database, clients, matrixDevices }: Parts) {
  return new Check(
    'matrix_device_removed',
    'a Matrix device may have been removed since the last proof',
    'login_required',
    async ({ oidc }) => {
      const { session, result } = oidc;
      const clientId = oidc.client?.clientId ?? '';
      if (!session?.accountId || result?.login) return Check.NO_NEED_TO_PROMPT;
      if (!(await clients.find(clientId))?.idpId) return Check.NO_NEED_TO_PROMPT;
      const { accountId, uid: sessionUid, loginTs: proof = 0 } = session;
      const signIn = await lastSignIn(database, { sessionUid, clientId });
      const gone = matrixDevices
        ? await matrixDevices.wasRemoved(accountId, { proof, signIn })
        : signIn !== undefined && signIn >= proof;
      return gone === false ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    },
  );
}

/** A homeserver that redeems a code makes a device, or asks the person's client to. */
export function expectDevices(provider: Provider, { clients, matrixDevices }: Parts): void {
  if (!matrixDevices) return;
  provider.use(async (ctx, next) => {
    await next();
    const { oidc } = ctx as unknown as KoaContextWithOIDC;
    const accountId = oidc?.route === 'token' && ctx.status === 200 && oidc.account?.accountId;
    if (!accountId || !oidc.authorizationCode) return;
    if ((await clients.find(oidc.client?.clientId ?? ''))?.idpId) {
      await matrixDevices.expect(accountId);
    }
  });
}
