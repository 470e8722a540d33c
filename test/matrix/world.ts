import { randomBytes, randomUUID } from 'node:crypto';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createFetchPicture } from '../../src/federation/fetch-picture.ts';
import { catalogue } from '../../src/jobs/catalogue.ts';
import type { AnyTask } from '../../src/jobs/task.ts';
import type { SynapseUser } from '../../src/matrix/endpoints.ts';
import { beginProvisioning } from '../../src/matrix/matrix-users.store.ts';
import type { MatrixTaskOptions } from '../../src/matrix/provision.ts';
import { Synapse } from '../../src/matrix/synapse.ts';
import { type MatrixTaskName, matrixTasks } from '../../src/matrix/tasks.ts';
import { testDatabase } from '../support/postgres.ts';
import { startSynapse } from '../support/synapse.ts';

export const tenantId = '00000000-0000-4000-8000-00000000aaaa';
const otherTenantId = '00000000-0000-4000-8000-00000000bbbb';

/** An application service that has all names beginning with `bridge.` for itself. */
const bridge = {
  id: 'bridge',
  url: null,
  as_token: 'as-token',
  hs_token: 'hs-token',
  sender_localpart: 'bridge',
  namespaces: { users: [{ exclusive: true, regex: '@bridge\\..*' }], rooms: [], aliases: [] },
};

export type World = Awaited<ReturnType<typeof openWorld>>;

/** A real Synapse, and a database with two tenants and four provider blocks. */
export async function openWorld() {
  const [homeserver, { url, drop }] = await Promise.all([
    startSynapse({
      appservices: [bridge],
      // Strangers sign in by password.
      settings: { password_config: { enabled: true } },
    }),
    testDatabase(),
  ]);
  const database = await openDatabase({ url, poolSize: 10 });
  await furnish(database);
  const { serverName, adminToken } = homeserver;
  const access = { url: homeserver.url, accessToken: adminToken };
  const options: MatrixTaskOptions = {
    database,
    synapse: new Synapse(access),
    serverName,
    fetchPicture: createFetchPicture(['127.0.0.1/32']),
  };

  async function asAdmin(method: string, path: string, body?: object) {
    const response = await fetch(`${homeserver.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}` },
      body: body && JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  const userPath = (handle: string) => `/_synapse/admin/v2/users/@${handle}:${serverName}`;

  return {
    /** For a Synapse port of one's own. */
    access,
    database,
    options,
    idOf: (handle: string) => `@${handle}:${serverName}`,
    /** A Matrix user whose history is not ours. */
    async makeStranger(handle: string, body: object = {}) {
      const { status } = await asAdmin('PUT', userPath(handle), { password: 'secret!', ...body });
      if (status > 201) throw new Error(`The stranger ${handle} was answered ${status}`);
    },
    async user(handle: string) {
      const { status, body } = await asAdmin('GET', userPath(handle));
      return status === 404 ? undefined : (body as SynapseUser);
    },
    /** Whether the stranger can still sign in by password; it also gives them a device. */
    async signIn(handle: string) {
      const { status } = await asAdmin('POST', '/_matrix/client/v3/login', {
        type: 'm.login.password',
        identifier: { type: 'm.id.user', user: handle },
        password: 'secret!',
      });
      return status === 200;
    },
    hold: (handle: string, accountId?: string) => hold(database, handle, accountId),
    begin: (handle: string, accountId: string) =>
      database.transaction((tx) => beginProvisioning(tx, { handle, accountId })),
    /** Makes the account of a hold. */
    async settle(handle: string, accountId: string, email?: string) {
      await database.query(
        `insert into accounts (id, tenant_id, name, email, email_key, email_verified)
          values ($1, $2, 'Ann Example', $3::text, lower($3::text), true)`,
        [accountId, tenantId, email ?? null],
      );
      await database.query("update handles set state = 'active' where handle = $1", [handle]);
    },
    run: (name: MatrixTaskName, payload: object, changed: Partial<MatrixTaskOptions> = {}) =>
      (matrixTasks({ ...options, ...changed })[name] as AnyTask)(
        catalogue[name].payload.parse(payload) as never,
        { jobId: '1', attempt: 1, last: false },
      ),
    async close() {
      await database.close();
      await drop();
      await homeserver.stop();
    },
  };
}

/** Handles are for ever, on Synapse too: every test takes new ones. */
export function newHandle(): string {
  return `t${randomBytes(8).toString('hex')}`;
}

async function hold(database: Database, handle: string, accountId: string = randomUUID()) {
  await database.query(
    `insert into handles (handle, account_id, tenant_id, state, held_by, held_until)
      values ($1, $2::uuid, $3, 'held', $2::text, now() + interval '10 minutes')`,
    [handle, accountId, tenantId],
  );
  return accountId;
}

async function furnish(database: Database): Promise<void> {
  await database.query(
    `insert into tenants (id, slug, name) values ($1, 'acme', 'Acme'), ($2, 'other', 'Other')`,
    [tenantId, otherTenantId],
  );
  const blocks = [
    { idpId: 'everyone', allTenants: true },
    { idpId: 'acme', boundTo: tenantId },
    { idpId: 'other', boundTo: otherTenantId },
    { idpId: 'retired', allTenants: true, disabled: true },
  ];
  for (const { idpId, allTenants = false, boundTo, disabled = false } of blocks) {
    await database.query(
      `insert into clients (id, name, token_endpoint_auth_method, idp_id, all_tenants, disabled_at)
        values ($1::text, $1::text, 'client_secret_basic', $1::text, $2, case when $3::boolean then now() end)`,
      [idpId, allTenants, disabled],
    );
    if (boundTo)
      await database.query('insert into client_tenants values ($1, $2)', [idpId, boundTo]);
  }
}
