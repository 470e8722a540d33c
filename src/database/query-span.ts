import type { EntitySubscriberInterface } from 'typeorm';
import { failureOf, type SpanStart, startSpan } from '../tracing/span.ts';

/** Of a statement whose values come apart from its text, which alone is told. */
export function querySpan(text: string): SpanStart {
  const { operation, table } = summaryOf(text);
  return {
    name: [operation, table].filter(Boolean).join(' '),
    kind: 'client',
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      ...(table && { 'db.collection.name': table }),
      'db.query.text': text.replace(/\s+/g, ' ').trim(),
    },
  };
}

/** What TypeORM asks by itself: for repositories, and to begin and end transactions. */
export const querySpans: EntitySubscriberInterface = {
  afterQuery({ query, executionTime = 0, error }) {
    const startedAt = Date.now() - executionTime;
    const span = startSpan({ ...querySpan(query), startedAt });
    span?.end({ failure: error && failureOf(error) });
  },
};

/** Of the statement itself, not of the ones in its parentheses. */
function summaryOf(text: string): { operation: string; table?: string } {
  let outer = text;
  for (let before = ''; before !== outer; ) {
    before = outer;
    outer = outer.replace(/\([^()]*\)/g, '');
  }
  const [operation = 'query'] =
    /\b(?:select|insert|update|delete)\b/i.exec(outer) ?? /\w+/.exec(outer) ?? [];
  const [, table] = /\b(?:from|into|update)\s+"?([\w.]+)/i.exec(outer) ?? [];
  return { operation: operation.toLowerCase(), table };
}
