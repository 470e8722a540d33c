import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import type { Client } from '../../src/clients/clients.store.ts';
import { destinationAt } from '../../src/handoff/destination.ts';

const app = {
  idpId: null,
  redirectUris: ['https://app.example/callback'],
  handoffTargets: ['https://www.example/app/'],
} as unknown as Client;

const synapse = {
  idpId: 'acme',
  redirectUris: ['https://matrix.example/_synapse/client/oidc/callback'],
  handoffTargets: ['https://chat.example/', 'https://matrix.example/'],
} as unknown as Client;

const sso = 'https://matrix.example/_matrix/client/v3/login/sso/redirect';
const through = (back: string, path = sso) => `${path}?redirectUrl=${encodeURIComponent(back)}`;

/** Addresses that begin, end or read like one of https://chat.example/. */
const lookAlikes = [
  'https://chat.example.evil.example/',
  'https://chat.example@evil.example/',
  'https://chat.example:x@evil.example/',
  'https://evil.example/https://chat.example/',
  'https://evil.example\\@chat.example/',
  'https://chat.example:8443/',
  'http://chat.example/',
  'https://evil.example/?https://chat.example/',
  '//evil.example/',
  '//chat.example/',
  '/',
  'javascript:alert(1)//https://chat.example/',
  'data:text/html,https://chat.example/',
  'https:evil.example',
  'https://[::1]/',
  '',
];

describe('where a hand-off may end', () => {
  test('at an application: where its sign-ins end, or below a target', () => {
    for (const uri of ['https://app.example/', 'https://app.example/login?x=1#y']) {
      assert.equal(destinationAt(app, uri), uri);
    }
    assert.equal(destinationAt(app, 'https://www.example/app/x'), 'https://www.example/app/x');
    for (const uri of [
      'https://www.example/',
      'https://www.example/application/',
      'https://www.example/app/../other',
      'https://www.example/app/%2e%2e/other',
      'https://www.example/app/..%2fother',
      'https://www.example/app/%2e%2e%5Cother',
      'https://user@app.example/',
      'http://app.example/',
      'https://sub.app.example/',
      ...lookAlikes,
    ]) {
      assert.equal(destinationAt(app, uri), undefined, uri);
    }
  });

  test('at a homeserver: its sign-in that leads back to a target', () => {
    const back = 'https://chat.example/#/room/1';
    for (const path of [sso, `${sso}/oidc-acme`, sso.replace('v3', 'r0')]) {
      const url = new URL(destinationAt(synapse, through(back, path)) ?? '');
      assert.equal(`${url.origin}${url.pathname}`, path);
      assert.equal(url.searchParams.get('redirectUrl'), back);
    }
    const element = `${through(back)}&org.matrix.msc3824.action=login`;
    assert.match(destinationAt(synapse, element) ?? '', /action=login$/);
    assert.equal(destinationAt(synapse, back), back, 'a client that starts the sign-in itself');
  });

  test('not where that sign-in would lead elsewhere', () => {
    for (const back of lookAlikes) {
      assert.equal(destinationAt(synapse, through(back)), undefined, back);
      assert.equal(destinationAt(synapse, back), undefined, back);
    }
    const [good, evil] = ['https://chat.example/', 'https://evil.example/'];
    for (const uri of [
      sso,
      `${through(good)}&redirectUrl=${encodeURIComponent(evil)}`,
      through(good, `${sso}/oidc-other`),
      through(good, `${sso}/../redirect/x`),
      through(good, 'https://evil.example/_matrix/client/v3/login/sso/redirect'),
      through(through(evil)),
      through(evil, 'https://matrix.example/%5fmatrix/client/v3/login/sso/redirect'),
      through(evil, 'https://matrix.example/%5F%6Datrix/client/v3/login/sso/redirect'),
      through(evil, 'https://matrix.example//_matrix/client/v3/login/sso/redirect'),
      through(evil, 'https://matrix.example/x/..%2f_matrix/client/v3/login/sso/redirect'),
      through(evil, 'https://matrix.example/.%2F_matrix/client/v3/login/sso/redirect'),
      through(evil, 'https://matrix.example/%5c_matrix/client/v3/login/sso/redirect'),
      'https://matrix.example/_synapse/client/oidc/callback',
    ]) {
      assert.equal(destinationAt(synapse, uri), undefined, uri);
    }
  });

  test('is what was checked, spelled as browsers read it', () => {
    const spelled = ' https://CHAT.example:443/a\n/../b ';
    assert.equal(destinationAt(synapse, spelled), 'https://chat.example/b');
    const url = new URL(destinationAt(synapse, through(spelled)) ?? '');
    assert.equal(url.searchParams.get('redirectUrl'), 'https://chat.example/b');
  });
});
