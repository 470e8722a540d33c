import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Answer } from '../platform/api.ts';
import type { World } from './world.ts';

type Content = { 'application/json': { schema: object } };

export type Operation = {
  operationId: string;
  security: { clientCredentials: string[] }[];
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content: Content }>;
};

export type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};

export async function readDocument(world: Pick<World, 'url'>): Promise<Document> {
  const response = await fetch(`${world.url}/internal/openapi.json`);
  assert.equal(response.status, 200);
  return (await response.json()) as Document;
}

/** Fails unless the document has such an answer of that operation, and the body is as it says. */
export function assertDescribed(
  document: Document,
  { path, method }: { path: string; method: string },
  { status, body }: Answer,
): void {
  const described = document.paths[path]?.[method]?.responses[status];
  assert.ok(described, `${method} ${path} answers ${status}: ${JSON.stringify(body)}`);
  const formats = { uuid: true, 'date-time': true, uri: true } as const;
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats });
  ajv.addVocabulary(['components']);
  const { schema } = described.content['application/json'];
  const valid = ajv.validate({ ...schema, components: document.components }, body);
  assert.ok(valid, `${method} ${path}: ${ajv.errorsText()}: ${JSON.stringify(body)}`);
  if (status >= 400) assert.match(described.description, new RegExp(`\`${body.error}\``));
}
