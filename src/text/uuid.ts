const form = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** RFC 9562, of any version: PostgreSQL cannot even be asked for another text as an id. */
export function isUuid(text: string): boolean {
  return form.test(text);
}
