import { z } from 'zod';
import type { Config } from '../../config/config.ts';
import type { Database } from '../../database/database.ts';
import { Synapse } from '../../matrix/synapse.ts';
import { type Client, listClients } from '../../oidc/clients.store.ts';
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
    blocks(homeserver, issuer, await listClients(database)),
  ]);
  return [...reached, ...parts.flat()];
}

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
      return failure(name, `${user} is no server admin: Synapse lets it change nothing.`, mend);
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
