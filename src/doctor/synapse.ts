import { z } from 'zod';
import { type Client, listClients } from '../clients/clients.store.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { matrixId } from '../handles/rules.ts';
import { Synapse } from '../matrix/synapse.ts';
import { refusedClients } from '../oidc/client-refusals.store.ts';
import { instant } from '../text/instant.ts';
import { examineBot } from './bot.ts';
import { type Finding, failure, fetchJson, look, ok, warning } from './finding.ts';
import { signInRequest } from './sign-in-request.ts';

const versions = z.object({ versions: z.array(z.string()).min(1) });
const flows = z.object({
  flows: z.array(
    z.object({
      type: z.string(),
      identity_providers: z.array(z.object({ id: z.string() })).optional(),
    }),
  ),
});

type Homeserver = Config['matrix'] & { synapseUrl: string };

export async function examineSynapse(
  { matrix, issuer }: Config,
  database: Database,
): Promise<Finding[]> {
  const { synapseUrl } = matrix;
  if (!synapseUrl) {
    const mend = 'Set SYNAPSE_URL to where this service reaches Synapse.';
    return [warning('synapse', 'No homeserver is configured.', mend)];
  }
  const reached = await look(
    'synapse',
    'Check SYNAPSE_URL, and that Synapse runs and can be reached from here.',
    async () => {
      versions.parse(await fetchJson(`${synapseUrl}/_matrix/client/versions`));
      return ok('synapse', `Answers at ${synapseUrl}.`);
    },
  );
  if (reached.some(({ status }) => status === 'fail')) return reached;
  const homeserver = { ...matrix, synapseUrl };
  const parts = await Promise.all([
    token(homeserver),
    signIns(homeserver, issuer, await listClients(database)),
    secrets(database),
  ]);
  return [...reached, ...parts.flat()];
}

/** As browsers begin them, by Synapse's public address. */
async function signIns(
  homeserver: Homeserver,
  issuer: string,
  clients: readonly Client[],
): Promise<Finding[]> {
  const { synapseUrl, synapsePublicUrl = synapseUrl } = homeserver;
  const found = await look(
    'synapse public url',
    `Set SYNAPSE_PUBLIC_URL, now ${synapsePublicUrl}, to where browsers reach Synapse: its public_baseurl. It must answer from here too.`,
    async () => {
      versions.parse(await fetchJson(`${synapsePublicUrl}/_matrix/client/versions`));
      return ok('synapse public url', `Synapse answers at ${synapsePublicUrl}.`);
    },
  );
  // What is asked by a wrong address says nothing of the blocks.
  if (found.some(({ status }) => status === 'fail')) return found;
  return [...found, ...(await blocks(homeserver, issuer, clients))];
}

/** Of clients that could not prove themselves, and have not done so since. */
async function secrets(database: Database): Promise<Finding[]> {
  const refused = await refusedClients(database);
  return refused.map(({ clientId, refusedAt, reason, address }) =>
    // No failure: any stranger can call themselves a client.
    warning(
      'client secret',
      `Whoever calls themselves ${clientId} was refused at ${instant(refusedAt)}${address ? `, from ${address}` : ''}: ${reason}.`,
      `If that was Synapse, or who else ${clientId} is, give it its secret; for a new one: openmeet-id clients rotate-secret ${clientId}. It is said until the client proves itself.`,
    ),
  );
}

const mendBot =
  'Make it one, by the token of an admin: openmeet-id synapse bot --admin-token-file <file>. See docs/bot.md.';

function token(homeserver: Homeserver): Promise<Finding[]> {
  const { synapseUrl, accessToken, serverName } = homeserver;
  const name = 'synapse token';
  const mend = 'Give MATRIX_ACCESS_TOKEN a token of a server admin of this homeserver.';
  return look(name, mend, async () => {
    if (!accessToken) {
      return warning(name, 'None here: nothing is provisioned on Matrix from this process.', mend);
    }
    const synapse = new Synapse({ url: synapseUrl, accessToken, timeoutMs: 5000 });
    const user = await synapse.whoAmI();
    if (!user.endsWith(`:${serverName}`)) {
      const problem = `The homeserver calls itself ${user.slice(user.indexOf(':') + 1)}.`;
      return failure(name, problem, 'Set MATRIX_SERVER_NAME to that name, before anyone signs up.');
    }
    if (!(await synapse.isAdmin())) {
      const problem = `${user} is no server admin: Synapse lets it change nothing.`;
      const isBot = user === matrixId(homeserver.rooms.botLocalpart, serverName);
      return failure(name, problem, isBot ? mendBot : mend);
    }
    const admin = ok(name, `${user} is admin of Synapse ${await synapse.version()}.`);
    return [admin, ...(await examineBot(synapse, homeserver))];
  });
}

/** Whether Synapse offers each of our blocks, and what it asks of us when one is used. */
async function blocks(
  homeserver: Homeserver,
  issuer: string,
  clients: readonly Client[],
): Promise<Finding[]> {
  const mend =
    'Add what this prints to homeserver.yaml and restart Synapse: openmeet-id synapse config';
  return look('provider block', mend, async () => {
    const { synapseUrl } = homeserver;
    const answer = flows.parse(await fetchJson(`${synapseUrl}/_matrix/client/v3/login`));
    const offered = answer.flows.flatMap(
      (flow) => flow.identity_providers?.map(({ id }) => id) ?? [],
    );
    const findings = [];
    for (const client of clients.filter(({ idpId, disabledAt }) => idpId && !disabledAt)) {
      const isOffered = offered.includes(`oidc-${client.idpId}`);
      findings.push(
        isOffered
          ? await asked(homeserver, issuer, client)
          : failure('provider block', `Synapse does not offer oidc-${client.idpId}.`, mend),
      );
    }
    return findings;
  });
}

async function asked({ synapseUrl, synapsePublicUrl }: Homeserver, issuer: string, client: Client) {
  const provider = `oidc-${client.idpId}`;
  const request = await signInRequest(synapsePublicUrl ?? synapseUrl, provider, issuer);
  const query = request?.searchParams;
  const problems = [
    ...(query ? [] : [`does not send people to ${issuer}`]),
    ...(query && query.get('client_id') !== client.id ? [`uses another client_id`] : []),
    ...(query && !client.redirectUris.includes(query.get('redirect_uri') ?? '')
      ? [`wants people back at ${query.get('redirect_uri')}, which ${client.id} does not allow`]
      : []),
    ...(query && client.pkceRequired && !query.has('code_challenge') ? ['does not use PKCE'] : []),
  ];
  if (problems.length === 0) return ok('provider block', `${provider} leads here as it should.`);
  return failure(
    'provider block',
    `${provider} ${problems.join('; it ')}.`,
    'Compare the block with: openmeet-id synapse config; addresses are set by: openmeet-id synapse connect',
  );
}
