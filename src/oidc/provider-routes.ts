import type Provider from 'oidc-provider';

export const mountPath = '/oidc';

const metadataPath = '/.well-known/oauth-authorization-server';
const discoveryPath = '/.well-known/openid-configuration';

/** Pages and documents. */
const read = ['GET', 'HEAD'] as const;
/** What programs of other origins may ask too. */
const readByScripts = ['GET', 'HEAD', 'OPTIONS'] as const;
const callByScripts = ['POST', 'OPTIONS'] as const;

/** The routes of the library that are served, by its own names, and by which methods. */
const methodsOf = {
  authorization: read,
  resume: read,
  userinfo: [...readByScripts, 'POST'],
  token: callByScripts,
  jwks: readByScripts,
  introspection: callByScripts,
  revocation: callByScripts,
  pushed_authorization_request: callByScripts,
  end_session: read,
  end_session_confirm: ['POST'],
  end_session_success: read,
  device_authorization: callByScripts,
  code_verification: read,
  device_resume: read,
} as const;

export type RouteName = keyof typeof methodsOf | 'discovery' | 'metadata';

export type ProviderRoute = {
  methods: readonly string[];
  /** Patterns of what is asked for. */
  paths: readonly string[];
  /** The address below the issuer, spelled as the library does. */
  below(params: Readonly<Record<string, string>>): string;
  /** Whether it takes up the interaction that `:uid` names. */
  resumes: boolean;
};

/** Made from the library's own addresses, so that both mean the same by a route. */
export function providerRoutes(provider: Provider): Record<RouteName, ProviderRoute> {
  const named = Object.entries(methodsOf).map(([name, methods]): [string, ProviderRoute] => {
    const below: ProviderRoute['below'] = (params) =>
      provider.pathFor(name, { mountPath: '', ...params });
    const pattern = decodeURIComponent(below({ uid: ':uid' }));
    const paths = [`${mountPath}${pattern}`];
    return [name, { methods, paths, below, resumes: pattern.endsWith('/:uid') }];
  });
  return {
    ...(Object.fromEntries(named) as Record<keyof typeof methodsOf, ProviderRoute>),
    discovery: document(discoveryPath, []),
    // RFC 8414 §3.1 wants the metadata of an issuer with a path at the root of the host.
    metadata: document(metadataPath, [`${metadataPath}${mountPath}`]),
  };
}

/** The library knows both documents by one name. */
function document(below: string, elsewhere: string[]): ProviderRoute {
  const paths = [`${mountPath}${below}`, ...elsewhere];
  return { methods: readByScripts, paths, below: () => below, resumes: false };
}
