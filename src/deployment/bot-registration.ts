import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Document, isMap, isScalar } from 'yaml';
import type { Report } from '../cli/report.ts';
import { type Cli, warn } from '../cli/run.ts';
import { AppError } from '../errors.ts';
import { type Registration, registration } from '../matrix/appservice/registration.ts';

export type RegistrationOptions = { url?: string; out?: string; newTokens?: boolean };

const remarks: Record<string, string> = {
  id: ' Name this file in app_service_config_files of homeserver.yaml, and restart Synapse.',
  url: ' Where Synapse reaches the web processes of this service.',
  as_token: ' Give this to the worker: MATRIX_ACCESS_TOKEN.',
  hs_token: ' Give this to the web processes: MATRIX_HS_TOKEN.',
  namespaces: ' Just the bot itself and its rooms: people keep all other names.',
};

/**
 * The file by which Synapse knows the bot. Tokens that are set already stay.
 *
 * @throws AppError `file_exists`, `file_unwritable`
 */
export async function synapseRegistration(
  { config }: Cli,
  { url = config.publicUrl, out, newTokens = false }: RegistrationOptions,
): Promise<Report> {
  const { serverName, rooms, accessToken, hsToken } = config.matrix;
  if (accessToken && !hsToken && !newTokens) {
    warn(
      'MATRIX_ACCESS_TOKEN is set without MATRIX_HS_TOKEN, so it is not taken for an as_token: both tokens here are new.',
    );
  }
  const kept = !newTokens && accessToken && hsToken ? { accessToken, hsToken } : undefined;
  const made = registration({
    url,
    asToken: kept?.accessToken ?? newToken(),
    hsToken: kept?.hsToken ?? newToken(),
    serverName,
    rooms,
  });
  const text = registrationYaml(made);
  if (!out) return { data: made, text };
  await writePrivately(out, `${text}\n`);
  return { data: made, text: written(out, made) };
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function written(path: string, { as_token, hs_token }: Registration): string {
  return `Wrote ${path}. Name it in app_service_config_files of homeserver.yaml and restart Synapse.

Set for the worker
  MATRIX_ACCESS_TOKEN=${as_token}
and for the web processes
  MATRIX_HS_TOKEN=${hs_token}

Then: openmeet-id synapse bot --admin-token-file <file>`;
}

function registrationYaml(made: Registration): string {
  const document = new Document(made);
  const pairs = isMap(document.contents) ? document.contents.items : [];
  for (const { key } of pairs) {
    if (isScalar(key)) key.commentBefore = remarks[String(key.value)];
  }
  return document.toString({ lineWidth: 0 }).trimEnd();
}

/** Readable by its owner alone; what is there already may be in use. */
async function writePrivately(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const exists = code === 'EEXIST';
    throw new AppError(exists ? 'file_exists' : 'file_unwritable', {
      message: exists
        ? `${path} exists already: move it away first.`
        : `${path} cannot be written (${code}).`,
      cause,
    });
  }
}
