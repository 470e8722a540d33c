const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes for element content and for quoted attribute values. */
export function escapeHtml(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** Escapes an address on Matrix or a part of one: a line may end before its server and after its dots. */
export function breakable(address: string): string {
  return escapeHtml(address).replace(/:/, '<wbr>:').replace(/\./g, '.<wbr>');
}

type AttributeValue = string | number | boolean | undefined;

/** Writes attributes with a leading space each; `false` and `undefined` leave one out. */
export function attributes(values: Readonly<Record<string, AttributeValue>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${escapeHtml(value)}"`))
    .join('');
}

/** A URL that only ever navigates: anything that could run code becomes `#`. */
export function safeUrl(url: string): string {
  return /^(https?:\/\/|mailto:|[/?#.])/i.test(url) ? url : '#';
}

/** An image that the content policy (`img-src 'self' data:`) will show, else nothing. */
export function safeImage(url: string | undefined): string | undefined {
  const allowed = /^(\/(?!\/)|data:image\/(png|jpeg|webp|gif|svg\+xml)[;,])/i;
  return url !== undefined && allowed.test(url) ? url : undefined;
}
