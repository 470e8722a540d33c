import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from '../support/until.ts';

type Value = { stringValue?: string; intValue?: number };
type Attribute = { key: string; value: Value };

/** As OTLP writes it in JSON. */
type OtlpSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: Attribute[];
  links?: { traceId: string; spanId: string }[];
  status: { code: number };
  startTimeUnixNano: string;
  endTimeUnixNano: string;
};

type OtlpTraces = {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
};

export type CollectedSpan = Omit<OtlpSpan, 'attributes'> & {
  attributes: Record<string, string | number | undefined>;
};

export type Collector = Awaited<ReturnType<typeof startCollector>>;

/** Receives what any collector would: OTLP over HTTP, in JSON. */
export async function startCollector() {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (request.method === 'POST' && request.url === '/v1/traces') bodies.push(body);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const received = () => bodies.flatMap((body) => (JSON.parse(body) as OtlpTraces).resourceSpans);
  const spans = (): CollectedSpan[] =>
    received().flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap((scope) =>
        scope.spans.map((span) => ({ ...span, attributes: plain(span.attributes) })),
      ),
    );
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    /** All that it was ever sent. */
    text: () => bodies.join('\n'),
    /** What the sender says of itself. */
    resource: () => plain(received()[0]?.resource.attributes ?? []),
    /** The first span that is meant, when it is there. */
    waitFor: (what: string, isMeant: (span: CollectedSpan) => boolean) =>
      until(() => spans().find(isMeant), { what }),
    /** By name, those that began within this one. */
    within: (span: CollectedSpan) =>
      spans().filter(
        ({ traceId, parentSpanId }) => traceId === span.traceId && parentSpanId === span.spanId,
      ),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function plain(attributes: Attribute[]): CollectedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]),
  );
}
