import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import { Application, answerOf, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { codeIn } from '../support/mail.ts';
import { freePorts } from '../support/ports.ts';
import { startService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { type CollectedSpan, type Collector, startCollector } from './collector.ts';
import { startUserDirectory } from './user-directory.ts';

const [server, client, consumer] = [2, 3, 5];
const password = 'silver-harbour-61';
const synapseToken = 'the-token-of-the-worker';

describe('traces', () => {
  let collector: Collector;
  let homeserver: Awaited<ReturnType<typeof startUserDirectory>>;
  let world: World;
  /** What no span may hold, by name. */
  const secrets: Record<string, string | undefined> = { password, synapseToken };

  beforeAll(async () => {
    [collector, homeserver] = await Promise.all([startCollector(), startUserDirectory()]);
    world = await openWorld({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        SYNAPSE_URL: homeserver.url,
        MATRIX_ACCESS_TOKEN: synapseToken,
      },
    });
    await signUp();
  });
  afterAll(async () => {
    await world?.close();
    await Promise.all([collector?.stop(), homeserver?.stop()]);
  });

  async function signUp() {
    const app = await Application.of(world);
    const visitor = newVisitor();
    const attempt = await app.request({ prompt: 'create' });
    const page = await visitor.open(attempt.url);
    const code = await visitor.submit(page, { email: 'ada@mail.example' });
    const mailed = codeIn(await world.service.mailbox.waitForMail('ada@mail.example'));
    const profile = await visitor.submit(code, { code: mailed });
    const choice = await visitor.submit(profile, { name: 'Ada Traced', handle: 'ada.traced' });
    const back = await visitor.submit(choice, { password });
    const tokens = await app.redeem(attempt, back);
    const { sub } = await app.userinfo(tokens);
    Object.assign(secrets, {
      ...{ address: 'ada@mail.example', name: 'Ada Traced', handle: 'ada.traced', sub, mailed },
      ...{ clientSecret: app.client.secret, authorizationCode: answerOf(back).code },
      ...{ accessToken: tokens.access_token, idToken: tokens.id_token },
      ...{ session: visitor.cookies.find('session')?.value },
      ...{ browser: visitor.cookies.find('browser')?.value },
      ...{ interaction: page.url.pathname.split('/')[2], state: attempt.checks.expectedState },
      ...{ verifier: attempt.checks.pkceCodeVerifier, peer: '127.0.0.1' },
    });
  }

  const named = (name: string) =>
    collector.waitFor(name, (span: CollectedSpan) => span.name === name);

  test('tell a sign-in by its routes, with the queries of each request within it', async () => {
    const authorization = await named('GET /oidc/auth');
    const page = await named('GET /interaction/:uid');
    const token = await named('POST /oidc/token');
    for (const span of [authorization, page, token]) {
      assert.equal(span.kind, server);
      assert.equal(span.parentSpanId, undefined);
      assert.match(`${span.attributes['openmeet.request_id']}`, /^[0-9a-f-]{36}$/);
    }
    assert.equal(token.attributes['http.route'], '/oidc/token');
    assert.equal(token.attributes['http.response.status_code'], 200);
    assert.notEqual(authorization.traceId, token.traceId);
    const queries = collector.within(token);
    assert.ok(queries.length > 0);
    for (const { kind, attributes } of queries) {
      assert.equal(kind, client);
      assert.equal(attributes['db.system.name'], 'postgresql');
    }
    assert.ok(queries.some(({ name }) => name === 'insert oidc_artifacts'));
  });

  test('hold the text of a query, never its values', async () => {
    const insert = await named('insert accounts');
    assert.match(`${insert.attributes['db.query.text']}`, /^(?:with|insert) .*\$1/);
  });

  test('tell a transaction from its beginning to its end', async () => {
    const insert = await named('insert accounts');
    const together = collector
      .spans()
      .filter(({ parentSpanId }) => parentSpanId === insert.parentSpanId)
      .map(({ name }) => name);
    assert.ok(together.includes('start'), together.join());
    assert.ok(together.includes('commit'), together.join());
  });

  test('tell a job with its queries and what it asked of Synapse', async () => {
    const job = await named('job provision-matrix-user');
    assert.equal(job.kind, consumer);
    assert.equal(job.attributes['openmeet.job.attempt'], 1);
    const within = await until(
      () => {
        const spans = collector.within(job);
        return spans.some(({ name }) => name === 'synapse put user') && spans;
      },
      { what: 'the calls to Synapse' },
    );
    const made = within.find((span) => span.attributes['http.response.status_code'] === 201);
    assert.equal(made?.name, 'synapse put user');
    assert.equal(made?.attributes['http.request.method'], 'PUT');
    const absent = within.find(({ name }) => name === 'synapse read user');
    assert.equal(absent?.attributes['error.type'], 'SynapseError');
    assert.equal(absent?.status.code, 2);
    assert.ok(within.some(({ attributes }) => attributes['db.system.name']));
  });

  test('hold no secret, no address and nothing that somebody typed', async () => {
    await named('job send-mail');
    for (const [name, secret] of Object.entries(secrets)) {
      assert.ok((secret?.length ?? 0) >= 6, `${name} is there to be looked for`);
      assert.ok(!collector.text().includes(secret ?? ''), `${name} is in a trace`);
    }
  });

  test('know a request by the id that its answer carries', async () => {
    const answer = await fetch(
      `${world.url}/made-up/${secrets.interaction}?code=${secrets.mailed}`,
    );
    const id = answer.headers.get('x-request-id');
    const span = await collector.waitFor(
      'the request',
      ({ attributes }) => attributes['openmeet.request_id'] === id,
    );
    assert.equal(span.name, 'GET');
    assert.equal(span.attributes['http.route'], undefined);
    assert.equal(span.attributes['http.response.status_code'], 404);
    assert.ok(!JSON.stringify(span).includes('made-up'));
  });

  test('are linked to the trace of who asked, and never a part of it', async () => {
    const theirs = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
    const ask = (traceparent: string) =>
      fetch(`${world.url}/assets/none`, { headers: { traceparent, tracestate: 'vendor=evil' } });
    const linked = await ask(`00-${theirs.traceId}-${theirs.spanId}-00`);
    const unlinked = await ask(`00-${'0'.repeat(32)}-${theirs.spanId}-01`);
    const of = (answer: Response) =>
      collector.waitFor(
        'the request',
        (span) => span.attributes['openmeet.request_id'] === answer.headers.get('x-request-id'),
      );
    const [span, other] = [await of(linked), await of(unlinked)];
    assert.notEqual(span.traceId, theirs.traceId);
    assert.equal(span.parentSpanId, undefined);
    assert.deepEqual(
      span.links?.map(({ traceId, spanId }) => ({ traceId, spanId })),
      [theirs],
    );
    assert.equal(other.links?.length ?? 0, 0);
    assert.ok(!collector.text().includes('evil'));
  });

  test('leave out the checks of health, and what a worker looks for by itself', async () => {
    await fetch(`${world.url}/health/ready`);
    await fetch(`${world.url}/assets/none`);
    await named('GET');
    const routes = collector.spans().map(({ name }) => name);
    assert.ok(!routes.some((name) => name.includes('health')));
    const roots = collector.spans().filter(({ parentSpanId }) => !parentSpanId);
    assert.ok(roots.every(({ kind }) => kind !== client));
  });

  test('say which process of which service they come from', () => {
    const { 'service.name': name, 'service.instance.id': instance } = collector.resource();
    assert.equal(name, 'openmeet-id');
    assert.match(`${instance}`, /^[0-9a-f-]{36}$/);
  });
});

test('the last spans are sent before the process ends', async () => {
  const collector = await startCollector();
  onTestFinished(() => collector.stop());
  const service = await startService({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  const answer = await fetch(`${service.url}/oidc/jwks`);
  await service.stop();
  const ids = collector.spans().map(({ attributes }) => attributes['openmeet.request_id']);
  assert.ok(ids.includes(answer.headers.get('x-request-id') ?? ''));
});

test('without its collector the service serves, says so once, and ends in time', async () => {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const service = await startService({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } });
  try {
    assert.equal((await fetch(`${service.url}/oidc/jwks`)).status, 200);
    const warned = () => service.logs().split('traces could not be sent').length - 1;
    await until(() => warned() > 0, { what: 'the warning' });
    await fetch(`${service.url}/oidc/jwks`);
    const started = performance.now();
    await service.kill('SIGTERM');
    assert.ok(performance.now() - started < 8000);
    assert.equal(warned(), 1);
  } finally {
    await service.stop();
  }
});

describe('the libraries behind traces', () => {
  const preload = new URL('./tell-modules.ts', import.meta.url);
  const loads = async (env: Record<string, string>): Promise<string[]> => {
    const service = await startService({ env: { NODE_OPTIONS: `--import=${preload}`, ...env } });
    await fetch(`${service.url}/oidc/jwks`);
    await service.stop();
    return service.logs().match(/(?<=asked for )@opentelemetry\/\S+/g) ?? [];
  };

  test('are not loaded unless there is a collector', async () => {
    assert.equal((await loads({})).join(), '');
  });

  test('are loaded where there is one', async () => {
    const collector = await startCollector();
    onTestFinished(() => collector.stop());
    const asked = await loads({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    assert.ok(asked.includes('@opentelemetry/sdk-trace'));
  });
});
