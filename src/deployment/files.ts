import { type Config, loadConfig } from '../config/config.ts';
import type { Names } from './names.ts';
import { caddyfile, nginxConf, traefikYaml } from './reverse-proxies.ts';
import { makeSecrets, type Secrets } from './secrets.ts';
import { botYaml, synapseYaml } from './synapse.ts';
import { elementConfig, siteTemplate, wellKnown } from './web-client.ts';

/** Text by path, relative to the directory of docker-compose.yml. */
export type DeploymentFiles = Record<string, string>;

/**
 * Everything that docker-compose.yml and a reverse proxy in front of it need, with new secrets.
 *
 * @throws ConfigError where production would refuse to start with what was given
 */
export function deploymentFiles(names: Names, smtpUrl: string): DeploymentFiles {
  const secrets = makeSecrets(smtpUrl);
  const config = productionConfig(names, secrets);
  return {
    '.env': dotEnv(names),
    ...below('secrets', {
      ...secrets,
      'synapse.yaml': synapseYaml(names, secrets, config),
      'bot.yaml': botYaml(secrets, config),
    }),
    ...below('deploy', {
      'element-config.json': json(elementConfig(names)),
      'site.html': siteTemplate(names),
      Caddyfile: caddyfile(names),
      'nginx.conf': nginxConf(names),
      'traefik.yml': traefikYaml(names),
    }),
    ...below(
      'deploy/well-known',
      Object.fromEntries(Object.entries(wellKnown(names)).map(([name, it]) => [name, json(it)])),
    ),
  };
}

/** What docker-compose.yml reads from `.env`. */
function settings(names: Names) {
  return {
    PUBLIC_URL: `https://${names.id}`,
    SYNAPSE_PUBLIC_URL: `https://${names.matrix}`,
    MATRIX_SERVER_NAME: names.serverName,
    MAIL_FROM: names.mailFrom,
  };
}

function dotEnv(names: Names): string {
  const hosts = { ID_HOST: names.id, MATRIX_HOST: names.matrix };
  const lines = Object.entries({ ...settings(names), ...hosts });
  return lines.map(([name, value]) => `${name}="${value}"\n`).join('');
}

/** The same schema that the service starts with says what is wrong, before anything is written. */
function productionConfig(names: Names, secrets: Secrets): Config {
  return loadConfig({
    ...settings(names),
    NODE_ENV: 'production',
    SYNAPSE_URL: 'http://synapse:8008',
    TRUSTED_PROXIES: '172.30.93.1',
    DATABASE_URL: secrets.database_url,
    ENCRYPTION_KEYS: secrets.encryption_keys,
    SMTP_URL: secrets.smtp_url,
  });
}

function below(directory: string, files: DeploymentFiles): DeploymentFiles {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`${directory}/${name}`, text]),
  );
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
