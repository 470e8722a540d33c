import { stringify } from 'yaml';
import type { Names } from './names.ts';
import { wellKnown } from './web-client.ts';

/** Where docker-compose.yml, or a process on this machine, listens. */
const ports = { id: 3000, matrix: 8008, chat: 8080 } as const;

/**
 * What of Synapse is for the outside. Its admin API is not: this service calls it from inside.
 * See "Using a reverse proxy with Synapse" in Synapse's documentation.
 */
const synapsePaths = ['/_matrix', '/_synapse/client'];

/**
 * Element Web shows what strangers sent, and its own server says nothing of who may frame it. See
 * "Configuration best practices" in its documentation.
 */
const chatHeaders = {
  'X-Frame-Options': 'SAMEORIGIN',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "frame-ancestors 'self'",
};

const answers = (names: Names) =>
  Object.entries(wellKnown(names)).map(([name, body]) => ({
    path: `/.well-known/matrix/${name}`,
    json: JSON.stringify(body),
  }));

/** A Caddyfile; Caddy gets the certificates by itself, and writes forwarded headers anew. */
export function caddyfile(names: Names): string {
  const discovery = answers(names).map(
    ({ path, json }) => `
	handle ${path} {
		header Content-Type application/json
		header Access-Control-Allow-Origin *
		respond \`${json}\`
	}`,
  );
  const caddyHeaders = Object.entries(chatHeaders)
    .map(([name, value]) => `\n\t\t${name} "${value}"`)
    .join('');
  return `# This service: people's accounts.
# Figures are for inside; so is /internal, if your platforms call it from inside only.
${names.id} {
	encode zstd gzip
	respond /metrics 404
	reverse_proxy 127.0.0.1:${ports.id}
}

# Synapse. Its admin API stays inside.
${names.matrix} {
	encode zstd gzip
	@synapse path ${synapsePaths.map((path) => `${path}/*`).join(' ')}
	handle @synapse {
		reverse_proxy 127.0.0.1:${ports.matrix}
	}
	handle {
		respond 404
	}
}

# Element Web.
${names.chat} {
	encode zstd gzip
	header {${caddyHeaders}
	}
	reverse_proxy 127.0.0.1:${ports.chat}
}

# How clients find the homeserver by people's addresses. Has ${names.serverName} a site of its own? Then add
# just the inner blocks to it.
${names.serverName} {${discovery.join('')}
}
`;
}

/** An nginx file for `conf.d` or `sites-enabled`; certificates where certbot puts them. */
export function nginxConf(names: Names): string {
  const discovery = answers(names).map(
    ({ path, json }) => `
  location = ${path} {
    default_type application/json;
    add_header Access-Control-Allow-Origin *;
    return 200 '${json}';
  }`,
  );
  const headers = Object.entries(chatHeaders)
    .map(([name, value]) => `  add_header ${name} "${value}" always;`)
    .join('\n');
  const pass = (port: number) => `proxy_pass http://127.0.0.1:${port};`;
  return `server {
  listen 80;
  listen [::]:80;
  server_name ${names.id} ${names.matrix} ${names.chat} ${names.serverName};
  return 301 https://$host$request_uri;
}

# This service: people's accounts.
# Figures are for inside; so is /internal, if your platforms call it from inside only.
${server(names.id, `  location = /metrics { return 404; }\n  location / { ${pass(ports.id)} }`)}

# Synapse. Its admin API stays inside; syncs wait, and people send files.
${server(
  names.matrix,
  `  location ~ ^(${synapsePaths.join('|')})/ {
    ${pass(ports.matrix)}
    client_max_body_size 50m;
    proxy_read_timeout 120s;
  }
  location / { return 404; }`,
)}

# Element Web.
${server(names.chat, `${headers}\n\n  location / { ${pass(ports.chat)} }`)}

# How clients find the homeserver by people's addresses. Has ${names.serverName} a site of its own? Then add
# just the locations to it.
${server(names.serverName, discovery.join('').slice(1))}
`;
}

/** In each server, so that other sites of the same nginx keep their own. */
const proxySettings = `
  # Written anew, never added to: whoever asks could have sent them too.
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_http_version 1.1;

  gzip on;
  gzip_proxied any;
  gzip_vary on;
  gzip_types text/css text/plain text/javascript application/javascript application/json image/svg+xml application/wasm;
`;

function server(name: string, locations: string): string {
  return `server {
  listen 443 ssl http2;
  listen [::]:443 ssl http2;
  server_name ${name};
  ssl_certificate /etc/letsencrypt/live/${name}/fullchain.pem;
  ssl_certificate_key /etc/letsencrypt/live/${name}/privkey.pem;
${proxySettings}
${locations}
}`;
}

/**
 * A file for Traefik's file provider. Traefik has no answers of its own: Synapse tells clients, with the
 * headers that they need, and Element Web's server has the file for other homeservers.
 */
export function traefikYaml(names: Names): string {
  const router = (service: string, rule: string, ...more: string[]) => ({
    rule,
    service,
    entryPoints: ['websecure'],
    middlewares: ['compress', ...more],
    tls: { certResolver: 'letsencrypt' },
  });
  const host = (name: string) => `Host(\`${name}\`)`;
  const paths = synapsePaths.map((path) => `PathPrefix(\`${path}/\`)`).join(' || ');
  return `# "websecure" and "letsencrypt" are what Traefik's static configuration calls its entry point and
# certificates resolver. Add no forwardedHeaders.insecure there.
${stringify({
  http: {
    middlewares: {
      compress: { compress: {} },
      'chat-headers': { headers: { customResponseHeaders: chatHeaders } },
    },
    routers: {
      id: router('id', `${host(names.id)} && !Path(\`/metrics\`)`),
      matrix: router('matrix', `${host(names.matrix)} && (${paths})`),
      chat: router('chat', host(names.chat), 'chat-headers'),
      ...Object.fromEntries(
        Object.keys(wellKnown(names)).map((name) => [
          `discovery-${name}`,
          router(
            name === 'client' ? 'matrix' : 'chat',
            `${host(names.serverName)} && Path(\`/.well-known/matrix/${name}\`)`,
          ),
        ]),
      ),
    },
    services: Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [
        name,
        { loadBalancer: { servers: [{ url: `http://127.0.0.1:${port}` }] } },
      ]),
    ),
  },
})}`;
}
