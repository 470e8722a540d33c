import type { EntitySchema, EntitySchemaColumnOptions } from 'typeorm';

/** What a `select` lists so that its rows are objects of the entity; a constant, like all of the text. */
export function columnsOf<T extends object>(entity: EntitySchema<T>, alias: string): string {
  const columns = Object.entries<EntitySchemaColumnOptions | undefined>(entity.options.columns);
  return columns
    .filter(([, column]) => column?.select !== false)
    .map(([property, column]) => `${alias}.${column?.name ?? property} as "${property}"`)
    .join(', ');
}
