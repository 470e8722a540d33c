/** How Synapse is told about one client of ours: an entry of its `oidc_providers`. */
export type ProviderBlockOptions = {
  issuer: string;
  /** Synapse's own name for this block, part of what it stores for each user: never change it. */
  idpId: string;
  /** What the button says after "Continue with". */
  idpName: string;
  clientId: string;
  /** The secret, or a file on Synapse's machine that holds it. */
  clientSecret: { value: string } | { path: string };
  /** An `mxc:` address. Element shows icons alone where there are several providers. */
  idpIcon?: string;
};

export type ProviderBlock = Record<string, unknown>;

/** Synapse reads these from the ID token. Nothing but a verified address may reach it. */
const claimTemplates = {
  subject_template: '{{ user.sub }}',
  localpart_template: '{{ user.matrix_handle }}',
  display_name_template: '{{ user.name }}',
  // Synapse would fetch it by itself at each sign-in, over one that the person has chosen there.
  picture_template: '{# brought over by the worker #}',
  email_template: '{% if user.email_verified %}{{ user.email }}{% endif %}',
  extra_attributes: { tenant_id: '{{ user.tenant_id }}' },
};

export function providerBlock(options: ProviderBlockOptions): ProviderBlock {
  const { issuer, idpId, idpName, clientId, clientSecret, idpIcon } = options;
  return {
    idp_id: idpId,
    idp_name: idpName,
    ...(idpIcon ? { idp_icon: idpIcon } : {}),
    issuer,
    // Synapse otherwise refuses an issuer without TLS, as in development.
    ...(issuer.startsWith('http:') ? { skip_verification: true } : {}),
    client_id: clientId,
    ...('path' in clientSecret
      ? { client_secret_path: clientSecret.path }
      : { client_secret: clientSecret.value }),
    client_auth_method: 'client_secret_basic',
    pkce_method: 'always',
    scopes: ['openid', 'profile', 'email', 'tenant'],
    // Of Synapse's own addresses: that it is a confirmation rather than a sign-in, and whose client asks.
    passthrough_authorization_parameters: ['session', 'redirectUrl'],
    backchannel_logout_enabled: true,
    // A handle that Synapse knows already belongs to somebody: never hand it over.
    allow_existing_users: false,
    // Without a handle Synapse would ask the person to invent one.
    attribute_requirements: [{ attribute: 'matrix_handle' }],
    user_mapping_provider: { config: claimTemplates },
  };
}

export type SignInSettings = {
  oidc_providers: ProviderBlock[];
  sso: { client_whitelist: string[]; update_profile_information: boolean };
};

/**
 * The top-level settings of a homeserver.yaml that let people sign in through these blocks. Synapse
 * asks before it hands a sign-in to a client, except to `webClients`: origins of clients it trusts.
 */
export function signInSettings(
  blocks: ProviderBlock[],
  { webClients = [] }: { webClients?: readonly string[] } = {},
): SignInSettings {
  return {
    oidc_providers: blocks,
    sso: {
      // Synapse compares beginnings: without the slash, chat.example.evil.com would pass too.
      client_whitelist: webClients.map((url) => `${url.replace(/\/+$/, '')}/`),
      update_profile_information: true,
    },
  };
}
