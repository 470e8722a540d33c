import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of the request being served, wherever in the code we are. */
export type RequestContext = {
  readonly requestId: string;
  /** The peer's address, or what a trusted proxy says it is. */
  readonly address: string;
  readonly userAgent: string;
  /** Rows already read in this request, by key: dropped with it, so nothing stale is ever served. */
  readonly memory: Map<string, unknown>;
};

const storage = new AsyncLocalStorage<RequestContext>();

export function withRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Undefined in jobs and commands. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}
