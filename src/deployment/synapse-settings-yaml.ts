import { Document, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { SignInSettings } from '../matrix/provider-block.ts';

/** What an operator must know about a line before changing it. */
const remarks: Record<string, string> = {
  oidc_providers:
    ' Add this to homeserver.yaml; to providers that are there already, add the block.',
  idp_id: ' Synapse stores this with every user: never change it.',
  skip_verification: ' Only because the issuer is plain http, as in development.',
  client_secret: ' Keep this file away from others, or use client_secret_path.',
  passthrough_authorization_parameters:
    ' So that "Confirm that it’s you" asks for a proof, and "Try again" knows the client that asked.',
  backchannel_logout_enabled: ' Signing out here ends the Matrix devices of that browser.',
  allow_existing_users: ' Never true: it would hand existing Matrix accounts to others.',
  attribute_requirements: ' Without a handle Synapse would ask people to invent one.',
  user_mapping_provider:
    ' The handle becomes the localpart; Synapse reads these from the ID token.',
  sso: ' Merge this with your own sso section, if you have one.',
  client_whitelist: ' Web clients that get their token without a question; end each with a slash.',
  update_profile_information: ' Names and avatars follow the account at every sign-in.',
};

/** Block style YAML with a comment above what needs one. */
export function settingsYaml(settings: SignInSettings): string {
  const document = new Document(settings);
  remark(document.contents as Node);
  return document.toString({ lineWidth: 0 }).trimEnd();
}

function remark(node: unknown): void {
  if (isSeq(node)) node.items.forEach(remark);
  if (!isMap(node)) return;
  for (const { key, value } of (node as YAMLMap<unknown, unknown>).items) {
    const text = isScalar(key) ? remarks[String(key.value)] : undefined;
    if (isScalar(key) && text) key.commentBefore = text;
    remark(value);
  }
}
