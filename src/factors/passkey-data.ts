import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';

const base64url = z.string().regex(/^[\w-]*$/);
const id = base64url.min(1).max(1400);

const common = z.object({
  id,
  rawId: id,
  type: z.literal('public-key'),
  // Nothing of it is looked at.
  clientExtensionResults: z.unknown().transform(() => ({})),
});

const transports = z.array(z.string().max(20)).max(20).optional();

const registration = common.extend({
  response: z.object({
    clientDataJSON: base64url.max(8000),
    attestationObject: base64url.max(20_000),
    transports,
  }),
});

const authentication = common.extend({
  response: z.object({
    clientDataJSON: base64url.max(8000),
    authenticatorData: base64url.max(8000),
    signature: base64url.max(8000),
    userHandle: base64url
      .max(100)
      .nullish()
      .transform((handle) => handle ?? undefined),
  }),
});

/** WebAuthn §5.8.1; all else in it is the library's to verify. */
const clientData = z.object({ challenge: z.string() });

/** It takes 25 MB of memory, in a process that may never see a passkey. */
export const webAuthn = () => import('@simplewebauthn/server');

/** What a browser made, out of a field of a form; undefined for anything else. */
export function readRegistration(text: string): RegistrationResponseJSON | undefined {
  const read = registration.safeParse(parsed(text));
  return read.success ? (read.data as RegistrationResponseJSON) : undefined;
}

/** By what somebody signs in, out of a field of a form; undefined for anything else. */
export function readAuthentication(text: string): AuthenticationResponseJSON | undefined {
  const read = authentication.safeParse(parsed(text));
  return read.success ? (read.data as AuthenticationResponseJSON) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The challenge that an answer says it is to. */
export function challengeIn({
  response,
}: RegistrationResponseJSON | AuthenticationResponseJSON): string | undefined {
  const said = clientData.safeParse(
    parsed(Buffer.from(response.clientDataJSON, 'base64url').toString()),
  );
  return said.success ? said.data.challenge : undefined;
}

/**
 * The account's id: random, says nothing of its owner, never changes, and has an authenticator put a
 * new passkey of the same account in the place of the one that it has.
 */
export function userHandleOf(accountId: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(accountId.replaceAll('-', ''), 'hex'));
}
