import assert from 'node:assert/strict';
import { Strategy } from 'passport';
import { describe, test } from 'vitest';
import type { UpstreamIdentity } from '../../src/federation/connector.ts';
import {
  keptRequests,
  type PassportRequest,
  pinned,
  throughPassport,
} from '../../src/federation/passport.ts';

const issuer = 'https://place.example';
const kept = {
  state: 'the-state',
  nonce: 'the-nonce',
  codeVerifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  redirectUri: 'https://id.example/back',
};
const ann: UpstreamIdentity = { connection: 'place', issuer, subject: 'ann', emailVerified: false };

/** A strategy as passport's guide has it: nothing of Express but the query. */
class PlaceStrategy extends Strategy {
  override authenticate(req: unknown, options: object) {
    const { query, expected } = req as PassportRequest;
    const { state = '', code } = query;
    if (!code) return this.redirect(`${issuer}/ask?${new URLSearchParams(pinned(options))}`);
    if (code === 'explodes') return this.error(new Error('no answer'));
    if (code === 'missing') return this.pass();
    keptRequests.verify({ query, expected }, state, (_error, verifier) =>
      verifier === kept.codeVerifier ? this.success(ann) : this.fail('not yours', 403),
    );
  }
}

const place = throughPassport({
  id: 'place',
  name: 'Place',
  issuer,
  strategy: new PlaceStrategy(),
});

const back = (query: Record<string, string>) =>
  place.finish(new URL(`${kept.redirectUri}?${new URLSearchParams(query)}`), kept);

describe('a strategy of passport', () => {
  test('sends the browser there with the nonce and the challenge of the kept request', async () => {
    const { origin, searchParams } = await place.begin(kept);
    assert.equal(origin, issuer);
    assert.deepEqual(Object.fromEntries(searchParams), {
      nonce: 'the-nonce',
      // RFC 7636, Appendix B.
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
  });

  test('tells who it is, for the state of the kept request only', async () => {
    assert.equal(await back({ code: 'c', state: kept.state }), ann);
    for (const state of ['another', '']) {
      await assert.rejects(back({ code: 'c', state }), { code: 'upstream_failed' });
    }
  });

  test('is a failure of the other place however it does not succeed', async () => {
    for (const code of ['explodes', 'missing']) {
      await assert.rejects(back({ code, state: kept.state }), { code: 'upstream_failed' });
    }
  });

  test('is not asked about an answer that is an error, or names another issuer', async () => {
    const { state } = kept;
    const answers = [
      [{ state, error: 'access_denied' }, 'upstream_cancelled'],
      [{ state, error: 'server_error' }, 'upstream_failed'],
      [{ state, code: 'c', iss: 'https://evil.example' }, 'upstream_failed'],
      [{ state }, 'upstream_failed'],
    ] as const;
    for (const [query, code] of answers) await assert.rejects(back(query), { code });
  });
});
