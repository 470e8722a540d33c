import { randomBytes } from 'node:crypto';

/** A file below `secrets/`, as docker-compose.yml mounts them, each with one secret. */
export type Secrets = {
  database_password: string;
  synapse_database_password: string;
  registration_shared_secret: string;
  synapse_client_secret: string;
  matrix_access_token: string;
  matrix_hs_token: string;
  encryption_keys: string;
  database_url: string;
  smtp_url: string;
};

/** New ones, but for the mail server's address, which only the operator knows. */
export function makeSecrets(smtpUrl: string): Secrets {
  const password = random();
  return {
    database_password: password,
    synapse_database_password: random(),
    registration_shared_secret: random(),
    synapse_client_secret: random(),
    matrix_access_token: random(),
    matrix_hs_token: random(),
    encryption_keys: randomBytes(32).toString('base64'),
    database_url: `postgres://openmeet:${password}@postgres/openmeet`,
    smtp_url: smtpUrl,
  };
}

export function random(): string {
  return randomBytes(32).toString('hex');
}
