import { z } from 'zod';
import type { Api } from './api.ts';
import { idempotencyHeader } from './idempotency.ts';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

/** Errors that every route can answer with. */
const commonProblems: Record<number, readonly string[]> = {
  400: ['input_invalid', 'body_malformed'],
  401: ['token_missing', 'invalid_token'],
  403: ['insufficient_scope'],
};

const writing: Record<number, readonly string[]> = {
  409: ['idempotency_in_progress'],
  422: ['idempotency_key_reused'],
};

const withBody: Record<number, readonly string[]> = {
  413: ['body_too_large'],
  415: ['json_expected'],
};

const problem = z
  .object({
    error: z.string().describe('Stable: programs branch on it.'),
    error_description: z.string().optional().describe('For people; may change.'),
    details: z.record(z.string(), z.unknown()).optional(),
    request_id: z.string().describe('As in our logs.'),
  })
  .meta({ id: 'Problem' });

type AnyRoute = Route<never>;

/** What an API's document is made from. */
type Described = Pick<
  Api<never>,
  'base' | 'title' | 'description' | 'scopes' | 'query' | 'problems'
> & { routes: readonly AnyRoute[] };

/** An API as an OpenAPI 3.1 document. */
export function openApiDocument(publicUrl: string, api: Described): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of api.routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(api, route, schemas) };
  }
  return {
    openapi: '3.1.1',
    info: { title: api.title, version: '1', description: api.description },
    servers: [{ url: `${publicUrl}${api.base}` }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        clientCredentials: {
          type: 'oauth2',
          flows: {
            clientCredentials: {
              tokenUrl: `${publicUrl}/oidc/token`,
              scopes: Object.fromEntries(api.scopes),
            },
          },
        },
      },
    },
  };
}

function operation(api: Described, route: AnyRoute, schemas: Json): Json {
  const { status, description, schema } = route.answer;
  return {
    operationId: route.operation,
    summary: route.summary,
    description: route.description,
    security: [{ clientCredentials: [route.scope] }],
    parameters: [
      ...parameters('path', route.params, schemas),
      ...parameters('query', route.query, schemas),
      ...parameters('query', api.query, schemas),
      ...(writes(route) ? parameters('header', idempotencyHeader, schemas) : []),
    ],
    requestBody: route.body && {
      required: true,
      content: json(schemaOf(route.shownBody ?? route.body, 'input', schemas)),
    },
    responses: {
      [status]: { description, content: json(schemaOf(schema, 'output', schemas)) },
      ...problems(api, route, schemas),
    },
  };
}

function problems(api: Described, route: AnyRoute, schemas: Json): Json {
  const all = new Map<string, readonly string[]>();
  const limited = route.budget ? { 429: ['too_many_attempts'] } : {};
  const kinds = [
    ...[commonProblems, api.problems, route.body ? withBody : {}, writes(route) ? writing : {}],
    ...[limited, route.problems ?? {}],
  ];
  for (const some of kinds) {
    for (const [status, codes] of Object.entries(some)) {
      all.set(status, [...(all.get(status) ?? []), ...codes]);
    }
  }
  const content = json(schemaOf(problem, 'output', schemas));
  return Object.fromEntries(
    [...all].map(([status, codes]) => [
      status,
      { description: codes.map((code) => `\`${code}\``).join(', '), content },
    ]),
  );
}

function writes({ method }: AnyRoute): boolean {
  return method !== 'get';
}

function parameters(
  place: 'path' | 'query' | 'header',
  fields: z.ZodObject | undefined,
  schemas: Json,
) {
  return Object.entries(fields?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = schemaOf(field as z.ZodType, 'input', schemas);
    const required = place === 'path' || !(field as z.ZodType).safeParse(undefined).success;
    return { name, in: place, required, description, schema };
  });
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

/** Schemas that have a name go among the components and are referred to. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const text = JSON.stringify(z.toJSONSchema(schema, { io, target: 'draft-2020-12' }));
  const {
    $schema: _,
    $defs,
    ...made
  } = JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/'));
  Object.assign(schemas, $defs);
  return made;
}
