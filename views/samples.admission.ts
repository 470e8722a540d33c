import type { AdmissionPages } from './registry.admission.ts';

const invitation: AdmissionPages['invitation'] = {
  state: 'open',
  action: '/invitation',
  hidden: { token: 'AbCdEf' },
  serverName: 'matrix.example',
  button: 'Acme',
  expiresAt: new Date('2026-05-11T12:30:00Z'),
  accountUrl: '/account?tenant=acme',
};
const request: AdmissionPages['sign-up-request'] = {
  state: 'waiting',
  email: 'john@example.com',
  checkUrl: '/interaction/x1/request',
  cancelUrl: '/cancel/x1',
};

/** Every page has a sample for each of its faces. */
export const admissionSamples: {
  readonly [Name in keyof AdmissionPages]: Readonly<Record<string, AdmissionPages[Name]>>;
} = {
  invitation: {
    open: invitation,
    personal: { ...invitation, email: 'j•••@example.com', handle: 'john.doe' },
    'without-homeserver': { ...invitation, button: undefined },
    member: { ...invitation, state: 'member' },
    'used-up': { ...invitation, state: 'used_up' },
    ended: { ...invitation, state: 'ended' },
  },
  'sign-up-request': {
    waiting: request,
    'without-address': { ...request, email: undefined, cancelUrl: undefined },
    refused: { ...request, state: 'refused' },
  },
};
