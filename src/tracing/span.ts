/**
 * What a span says: names and ids of ours, numbers, words of the code. Never what a person or a
 * client sent, and never an address.
 */
export type Attributes = Readonly<Record<string, string | number>>;

export type SpanStart = {
  name: string;
  /** `server` and `consumer` begin a trace; a `client` is part of one, and nothing outside of one. */
  kind: 'server' | 'consumer' | 'client';
  attributes?: Attributes;
  /** `traceparent` of whoever asked (W3C Trace Context §3.2): linked to, never followed. */
  askedBy?: string;
  /** Milliseconds since 1970; now unless given. */
  startedAt?: number;
};

export type SpanEnd = {
  /** Instead of the first name, where only the end tells it. */
  name?: string;
  attributes?: Attributes;
  /** A code or the name of an error: its words may hold what somebody typed. */
  failure?: string;
};

export interface Span {
  /** Spans that begin in `work` are children of this one. */
  around<T>(work: () => T): T;
  end(end?: SpanEnd): void;
}

/** @returns nothing for a client outside of any trace */
export type StartSpan = (start: SpanStart) => Span | undefined;

let begin: StartSpan | undefined;

/** Called once, before anything is served; until then, and without a collector, there are no spans. */
export function traceBy(start: StartSpan): void {
  begin = start;
}

export function isTracing(): boolean {
  return begin !== undefined;
}

export function startSpan(start: SpanStart): Span | undefined {
  return begin?.(start);
}

/** Does `work` in a span of its own, which fails with it. */
export function inSpan<T>(start: () => SpanStart, work: Work<T>): Promise<T> {
  const span = begin?.(start());
  return span ? doWithin(span, work) : work(() => {});
}

type Work<T> = (note: (attributes: Attributes) => void) => Promise<T>;

async function doWithin<T>(span: Span, work: Work<T>): Promise<T> {
  let attributes: Attributes = {};
  let failure: string | undefined;
  try {
    return await span.around(() =>
      work((more) => {
        attributes = { ...attributes, ...more };
      }),
    );
  } catch (error) {
    failure = failureOf(error);
    throw error;
  } finally {
    span.end({ attributes, failure });
  }
}

/** The code of an error, be it ours, PostgreSQL's or Node's, else its name. */
export function failureOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const word = typeof code === 'string' ? code : name;
  return typeof word === 'string' && /^\w{1,40}$/.test(word) ? word : 'Error';
}
