import { requestContext } from './request-context.ts';

/** Keeps what was read for the rest of this request; outside of a request, nothing is kept. */
export function remember(kind: string, id: string, value: unknown): void {
  requestContext()?.memory.set(`${kind}:${id}`, value);
}

export function remembered<T>(kind: string, id: string): T | undefined {
  return requestContext()?.memory.get(`${kind}:${id}`) as T | undefined;
}

export function forget(kind: string, id: string): void {
  requestContext()?.memory.delete(`${kind}:${id}`);
}
