import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

export type HomeserverOptions = {
  serverName: string;
  /** Of 127.0.0.1. */
  port: number;
  /** Keeps everything of this homeserver, from one start to the next. */
  directory: string;
  /** As `synapse config --json` prints them. */
  signIn?: { oidc_providers: object[]; sso?: object };
  /** Registrations of application services. */
  appservices?: object[];
  /** What Synapse's own pages name to whom they cannot lead back to the client that asked. */
  webClient?: string;
  /** Settings of Synapse that win over all others. */
  settings?: object;
};

export type Secrets = {
  registration_shared_secret: string;
  macaroon_secret_key: string;
  form_secret: string;
};

const shared = join(import.meta.dirname, 'homeserver.yaml');

/** A person of a demo or a test does in a second what others do in an hour. */
const generous = { per_second: 10_000, burst_count: 10_000 };

const limits = {
  rc_message: generous,
  rc_registration: generous,
  rc_registration_token_validity: generous,
  rc_login: { address: generous, account: generous, failed_attempts: generous },
  rc_admin_redaction: generous,
  rc_joins: { local: generous, remote: generous },
  rc_joins_per_room: generous,
  rc_invites: { per_room: generous, per_user: generous, per_issuer: generous },
  rc_room_creation: generous,
};

/**
 * Writes the configuration of a homeserver on this machine that talks to nobody else.
 * @returns the files in the order in which Synapse must read them
 */
export async function writeHomeserver(options: HomeserverOptions): Promise<string[]> {
  const { directory, signIn = {}, settings = {} } = options;
  await mkdir(directory, { recursive: true });
  const templates = await writeTemplates(options);
  const local = {
    ...(await localSettings(options)),
    templates: { custom_template_directory: templates },
    ...signIn,
    ...settings,
  };
  const path = join(directory, 'homeserver.local.yaml');
  await writeFile(path, stringify(local), { mode: 0o600 });
  return [shared, path];
}

async function localSettings({ serverName, port, directory, appservices = [] }: HomeserverOptions) {
  const inside = (name: string) => join(directory, name);
  return {
    server_name: serverName,
    public_baseurl: `http://127.0.0.1:${port}/`,
    listeners: [
      {
        type: 'http',
        port,
        bind_addresses: ['127.0.0.1'],
        resources: [{ names: ['client', 'media'] }],
      },
    ],
    federation_domain_whitelist: [],
    trusted_key_servers: [],
    database: { name: 'sqlite3', args: { database: inside('homeserver.db') } },
    media_store_path: inside('media'),
    pid_file: inside('pid'),
    signing_key_path: await signingKey(inside('signing.key')),
    ...limits,
    ...(await readSecrets(directory)),
    app_service_config_files: await Promise.all(
      appservices.map(async (registration, index) => {
        const path = inside(`appservice-${index}.yaml`);
        await writeFile(path, stringify(registration), { mode: 0o600 });
        return path;
      }),
    ),
  };
}

/** The homeserver's own secrets, made on first use. */
export async function readSecrets(directory: string): Promise<Secrets> {
  const path = join(directory, 'secrets.json');
  const fresh = () => randomBytes(32).toString('base64url');
  if (!existsSync(path)) {
    const secrets: Secrets = {
      registration_shared_secret: fresh(),
      macaroon_secret_key: fresh(),
      form_secret: fresh(),
    };
    await writeFile(path, JSON.stringify(secrets), { mode: 0o600 });
  }
  return JSON.parse(await readFile(path, 'utf8'));
}

async function signingKey(path: string): Promise<string> {
  if (!existsSync(path)) {
    const key = randomBytes(32).toString('base64').replace(/=+$/, '');
    await writeFile(path, `ed25519 a_1 ${key}\n`, { mode: 0o600 });
  }
  return path;
}

/** The templates beside this file, with the web client filled in. */
async function writeTemplates({ directory, webClient = '' }: HomeserverOptions): Promise<string> {
  const original = join(import.meta.dirname, 'templates');
  const copy = join(directory, 'templates');
  await cp(original, copy, { recursive: true, force: true });
  const site = await readFile(join(original, 'site.html'), 'utf8');
  // A Jinja string literal is escaped as JSON is.
  const filled = site.replace('web_client = ""', () => `web_client = ${JSON.stringify(webClient)}`);
  await writeFile(join(copy, 'site.html'), filled);
  return copy;
}
