import type { Names } from './names.ts';

/**
 * Element Web's `config.json`: this homeserver, where people may still name another. Whoever signs out
 * there is led to the sign-out here, which asks, and leads back.
 */
export function elementConfig({ serverName, id, matrix, chat }: Names): object {
  const back = new URLSearchParams({
    client_id: 'matrix_synapse',
    post_logout_redirect_uri: `https://${chat}/`,
  });
  return {
    logout_redirect_url: `https://${id}/oidc/session/end?${back}`,
    default_server_config: {
      'm.homeserver': { base_url: `https://${matrix}`, server_name: serverName },
    },
    disable_guests: true,
    disable_3pid_login: true,
    setting_defaults: { 'UIFeature.registration': false, 'UIFeature.passwordReset': false },
    brand: 'Chat',
  };
}

/**
 * What clients and other homeservers ask at `https://<server name>/.well-known/matrix/…` (Matrix
 * Client-Server API, "Server Discovery"; Server-Server API, "Resolving server names").
 */
export function wellKnown({ matrix, federation }: Names): Record<string, object> {
  return {
    client: { 'm.homeserver': { base_url: `https://${matrix}` } },
    ...(federation ? { server: { 'm.server': `${matrix}:443` } } : {}),
  };
}

/** Over Synapse's templates: the client for whom its pages cannot lead back to their own. */
export function siteTemplate({ chat }: Names): string {
  return `{% set web_client = "https://${chat}/" %}\n`;
}
