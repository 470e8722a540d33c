import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type Proof, type Refusal, refusalOf } from '../../src/admission/rules.ts';
import type { Tenant } from '../../src/tenants/tenant.entity.ts';

type Rules = Pick<Tenant, 'status' | 'signUp' | 'signUpDomains'>;

const open: Rules = { status: 'active', signUp: 'open', signUpDomains: [] };
const domains: Rules = { ...open, signUp: 'domains', signUpDomains: ['corp.example'] };
const cases: [string, Rules, Proof, Refusal | undefined][] = [
  ['takes everybody where it is open', open, { emailKey: '' }, undefined],
  [
    'takes nobody where it is closed',
    { ...open, signUp: 'closed' },
    { emailKey: '' },
    'sign_up_closed',
  ],
  [
    'takes nobody while suspended',
    { ...open, status: 'suspended' },
    { emailKey: '' },
    'sign_up_closed',
  ],
  ['takes an address of its domains', domains, { emailKey: 'a@corp.example' }, undefined],
  ['takes no other address', domains, { emailKey: 'a@sub.corp.example' }, 'sign_up_domain'],
  ['takes nobody without an address', domains, { emailKey: '' }, 'sign_up_domain'],
  [
    'takes whom the organisation knows, whatever the case of its domain',
    domains,
    { emailKey: 'a@corp.example', hostedDomain: 'Corp.example' },
    undefined,
  ],
  [
    'takes no address that the organisation does not know',
    domains,
    { emailKey: 'a@corp.example', hostedDomain: null },
    'sign_up_domain',
  ],
  [
    'takes no other organisation',
    domains,
    { emailKey: 'a@corp.example', hostedDomain: 'evil.example' },
    'sign_up_domain',
  ],
];

for (const [name, tenant, proof, expected] of cases) {
  test(`a tenant ${name}`, () => {
    assert.equal(refusalOf(tenant, proof), expected);
  });
}
