import { randomBytes } from 'node:crypto';
import { Document, isMap, isScalar } from 'yaml';
import {
  type Registration,
  type RegistrationOptions,
  registration,
} from '../matrix/appservice/registration.ts';

const remarks: Record<string, string> = {
  id: ' Name this file in app_service_config_files of homeserver.yaml, and restart Synapse.',
  url: ' Where Synapse reaches the web processes of this service.',
  as_token: ' Give this to the worker: MATRIX_ACCESS_TOKEN.',
  hs_token: ' Give this to the web processes: MATRIX_HS_TOKEN.',
  namespaces: ' Just the bot itself and its rooms: people keep all other names.',
};

/** As `registration`, with tokens that are new unless given. */
export function newRegistration({
  asToken = newToken(),
  hsToken = newToken(),
  ...options
}: Omit<RegistrationOptions, 'asToken' | 'hsToken'> & {
  asToken?: string;
  hsToken?: string;
}): Registration {
  return registration({ ...options, asToken, hsToken });
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The file by which Synapse knows the bot, with a comment on what must be done with its lines. */
export function registrationYaml(made: Registration): string {
  const document = new Document(made);
  const pairs = isMap(document.contents) ? document.contents.items : [];
  for (const { key } of pairs) {
    if (isScalar(key)) key.commentBefore = remarks[String(key.value)];
  }
  return document.toString({ lineWidth: 0 }).trimEnd();
}
