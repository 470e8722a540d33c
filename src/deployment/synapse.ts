import { stringify } from 'yaml';
import type { Config } from '../config/config.ts';
import { registration } from '../matrix/appservice/registration.ts';
import { providerBlock, signInSettings } from '../matrix/provider-block.ts';
import type { Names } from './names.ts';
import { random, type Secrets } from './secrets.ts';

/** Where docker-compose.yml shows a secret to a container. */
const mounted = (name: string) => `/run/secrets/${name}`;

/** `secrets/synapse.yaml`: what is secret, or this deployment's own, of Synapse's configuration. */
export function synapseYaml(names: Names, secrets: Secrets, { issuer }: Config): string {
  return stringify({
    server_name: names.serverName,
    public_baseurl: `https://${names.matrix}/`,
    macaroon_secret_key: random(),
    form_secret: random(),
    registration_shared_secret: secrets.registration_shared_secret,
    app_service_config_files: [mounted('bot.yaml')],
    database: {
      name: 'psycopg2',
      args: {
        host: 'postgres',
        dbname: 'synapse',
        user: 'synapse',
        password: secrets.synapse_database_password,
        cp_min: 5,
        cp_max: 10,
      },
    },
    ...(names.federation ? federated : {}),
    ...signInSettings(
      [
        providerBlock({
          issuer,
          idpId: 'openmeet',
          idpName: 'OpenMeet',
          clientId: 'matrix_synapse',
          clientSecret: { path: mounted('synapse_client_secret') },
        }),
      ],
      { webClients: [`https://${names.chat}`] },
    ),
  });
}

/** Over what synapse/homeserver.compose.yaml says: of a setting given twice the later one counts. */
const federated = {
  federation_domain_whitelist: null,
  listeners: [
    {
      type: 'http',
      port: 8008,
      bind_addresses: ['0.0.0.0'],
      x_forwarded: true,
      resources: [{ names: ['client', 'federation'] }],
    },
  ],
  trusted_key_servers: [{ server_name: 'matrix.org' }],
};

/** `secrets/bot.yaml`: how Synapse knows the bot. */
export function botYaml(secrets: Secrets, { matrix }: Config): string {
  const { serverName, rooms } = matrix;
  return stringify(
    registration({
      url: 'http://web:3000',
      asToken: secrets.matrix_access_token,
      hsToken: secrets.matrix_hs_token,
      serverName,
      rooms,
    }),
  );
}
