import {
  context,
  DiagLogLevel,
  diag,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Span, type SpanEnd, type SpanStart, traceBy } from './span.ts';

const kinds = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
} as const;

/** Milliseconds that the end of the process waits for a collector that does not answer. */
const patience = 2000;

/**
 * Sends spans to a collector by OTLP over HTTP, in JSON. Only where traces are wanted is this file
 * imported: its libraries take time and memory.
 *
 * @returns what sends the last ones
 */
export function startTracing(options: {
  /** Of the collector, without `/v1/traces`. */
  url: string;
  /** Hears of spans that could not be sent. */
  onLost: () => void;
}): () => Promise<void> {
  diag.setLogger(
    { error: options.onLost, warn() {}, info() {}, debug() {}, verbose() {} },
    DiagLogLevel.ERROR,
  );
  const exporter = new OTLPTraceExporter({ url: `${options.url}/v1/traces` });
  const provider = new TracerProvider({
    resource: thisProcess(),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1000 })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracer = provider.getTracer('openmeet-id');
  traceBy((start) => begin(tracer, start));
  return () => {
    const late = new Promise<void>((resolve) => setTimeout(resolve, patience).unref());
    return Promise.race([provider.shutdown().catch(options.onLost), late]);
  };
}

/** OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over what we call ourselves. */
function thisProcess() {
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'openmeet-id' }))
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] }));
}

function begin(tracer: Tracer, start: SpanStart): Span | undefined {
  const { name, attributes, startedAt: startTime } = start;
  const within = start.kind === 'client' ? context.active() : ROOT_CONTEXT;
  if (start.kind === 'client' && !trace.getSpan(within)) return undefined;
  const links = linksTo(start.askedBy);
  const kind = kinds[start.kind];
  const span = tracer.startSpan(name, { kind, attributes, links, startTime }, within);
  return {
    around: (work) => context.with(trace.setSpan(within, span), work),
    end({ name, attributes = {}, failure }: SpanEnd = {}) {
      if (name) span.updateName(name);
      span.setAttributes(attributes);
      if (failure) {
        span.setAttribute('error.type', failure).setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

/** Without `tracestate`, and whether sampled or not: those are texts and wishes of strangers. */
function linksTo(traceparent = ''): Link[] {
  const [, traceId = '', spanId = ''] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent) ?? [];
  const spanContext = { traceId, spanId, traceFlags: 0, isRemote: true };
  return isSpanContextValid(spanContext) ? [{ context: spanContext }] : [];
}
