import { createHash } from 'node:crypto';
import type { EntityType, RoomSettings } from './room.ts';

/** An entity by all the names it has. */
export type Named = {
  tenantSlug: string;
  entityType: EntityType;
  entitySlug: string;
  name: string | null;
};

/** Matrix, "Room aliases": the whole of `#localpart:server`, in bytes. */
const aliasBytes = 255;

/** What the room is called: its template, filled in; an entity without a name goes by its slug. */
export function roomName(settings: Pick<RoomSettings, 'names'>, entity: Named): string {
  return filled(settings.names[entity.entityType], {
    name: entity.name ?? entity.entitySlug,
    slug: entity.entitySlug,
    tenant: entity.tenantSlug,
  });
}

/**
 * Localparts for the entity's alias, the best first: the template; then, for where another entity has
 * that one, with the tenant; then with what no other entity has. Each fits Matrix's limit.
 */
export function aliasCandidates(
  settings: Pick<RoomSettings, 'aliases'>,
  entity: Named,
  serverName: string,
): string[] {
  const { tenantSlug: tenant, entityType, entitySlug } = entity;
  const mark = createHash('sha256')
    .update(JSON.stringify([tenant, entityType, entitySlug]))
    .digest('hex')
    .slice(0, 12);
  const plain = plainSlug(entitySlug);
  const template = settings.aliases[entityType];
  const render = (suffix: string) =>
    fitted((slug) => `${filled(template, { slug, tenant })}${suffix}`, plain, mark, serverName);
  return [...new Set([render(''), render(`-${tenant}`), render(`-${mark}`)])];
}

/** `#localpart:server` */
export function fullAlias(localpart: string, serverName: string): string {
  return `#${localpart}:${serverName}`;
}

function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

/** With as much of the slug as there is room for; what was cut or had no plain letter gets a mark. */
function fitted(
  render: (slug: string) => string,
  slug: string,
  mark: string,
  serverName: string,
): string {
  const whole = render(slug || mark);
  const excess = Buffer.byteLength(fullAlias(whole, serverName)) - aliasBytes;
  if (excess <= 0) return whole;
  const kept = slug.slice(0, Math.max(0, slug.length - excess - mark.length - 1));
  return render(`${kept}-${mark}`);
}

/** Letters, digits, dots, underscores and hyphens: what people can type, and never a colon. */
function plainSlug(slug: string): string {
  return slug
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
