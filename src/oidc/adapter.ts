import type { Adapter, AdapterPayload } from 'oidc-provider';
import { errors } from 'oidc-provider';
import { type ClientDirectory, clientMetadata } from '../clients/directory.ts';
import type { Database } from '../database/database.ts';
import { addressKey } from '../http/rate-limits.ts';
import { forget, remember, remembered } from '../http/request-cache.ts';
import { requestContext } from '../http/request-context.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { writeAnonymousArtifact } from './anonymous-artifacts.store.ts';
import { anonymousLimits, isAnonymous } from './anonymous-artifacts.ts';
import * as store from './artifacts.store.ts';
import { hideIds, revealIds } from './interaction-payload.ts';
import { type SessionLimits, secondsLeft } from './lifetimes.ts';
import { refuseMetadataDocument } from './registration.ts';
import { RowIds } from './row-ids.ts';

export type AdapterParts = {
  database: Database;
  fingerprints: Fingerprints;
  clients: ClientDirectory;
  sessions: SessionLimits;
};

/** Models that carry a grant and a session, which the library asks for right after them. */
const tokens = new Set([
  'AccessToken',
  'AuthorizationCode',
  'RefreshToken',
  'DeviceCode',
  'ClientCredentials',
]);

/** A session is written again for its expiry alone only when that moved by this many seconds. */
const sessionExpirySlack = 3600;

/**
 * State of oidc-provider in one table. A row is found by the HMAC of its id, and the id is left out
 * of the payload, so a copy of the database opens no session and redeems no code.
 *
 * One look-up brings a token together with its Grant, Session and account; they are remembered for
 * the request being served and never longer, so nothing that decides a revocation is cached.
 */
export function createAdapter(parts: AdapterParts): (name: string) => Adapter {
  const clientAdapter = new ClientAdapter(parts.clients);
  return (name) => (name === 'Client' ? clientAdapter : new ArtifactAdapter(name, parts));
}

class ArtifactAdapter implements Adapter {
  readonly #model: string;
  readonly #database: Database;
  readonly #fingerprints: Fingerprints;
  readonly #rows: RowIds;
  readonly #sessions: SessionLimits;

  constructor(model: string, { database, fingerprints, sessions }: AdapterParts) {
    this.#model = model;
    this.#database = database;
    this.#fingerprints = fingerprints;
    this.#rows = new RowIds(fingerprints);
    this.#sessions = sessions;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    if (this.#model === 'Session' && this.#isUnchangedSession(id, payload)) return;
    const { jti: _jti, userCode, ...rest } = payload;
    const kept = this.#model === 'Interaction' ? hideIds(rest, id, this.#rows) : rest;
    assertStorable(kept);
    const row = {
      id: this.#rowId(id),
      model: this.#model,
      payload: kept,
      // A finished sign-in is as good as the session that it becomes, and ends with its account's.
      accountId: payload.accountId ?? payload.result?.login?.accountId,
      clientId: payload.clientId,
      grantId: this.#model === 'Interaction' ? undefined : payload.grantId,
      sessionUid: payload.sessionUid,
      uid: this.#model === 'Session' ? payload.uid : undefined,
      userCode: userCode && this.#fingerprints.of('oidc:user-code', userCode),
      expiresIn:
        this.#model === 'Session'
          ? Math.min(expiresIn, secondsLeft(payload, this.#sessions))
          : expiresIn,
    };
    const left = this.#anonymousFrom(payload);
    if (left) {
      const anonymousRow = {
        ...row,
        ...left,
        expiresIn: Math.min(expiresIn, anonymousLimits.seconds),
      };
      await writeAnonymousArtifact(this.#database, anonymousRow, anonymousLimits.perNetwork);
    } else {
      const origin = this.#model === 'Session' ? requestContext() : undefined;
      await store.writeArtifact(this.#database, row, origin);
    }
    if (this.#model !== 'Session') remember(this.#model, id, kept);
    else this.#rememberSession(id, kept);
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (this.#model === 'Session') return this.#findSession(id);
    if (tokens.has(this.#model)) return this.#findToken(id);
    const known = remembered<AdapterPayload>(this.#model, id);
    if (known) return this.#reveal({ ...known, jti: id }, id);
    const row = await store.findArtifact(this.#database, this.#rowId(id));
    if (row && this.#model === 'Interaction') remember(this.#model, id, row.payload);
    return row && this.#reveal(complete(row, id), id);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    const known = remembered<AdapterPayload>('SessionUid', uid);
    if (known) return known;
    const row = await store.findSessionByUid(this.#database, uid);
    if (!row || this.#isOver(row.payload)) return undefined;
    return row.payload.accountId && !row.subject ? undefined : row.payload;
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    const code = this.#fingerprints.of('oidc:user-code', userCode);
    const row = await store.findByUserCode(this.#database, code);
    return row && { ...complete(row, this.#rows.handle(row.id)), userCode };
  }

  /**
   * @throws InvalidGrant when another request consumed it first: then its whole family is revoked;
   *   InvalidRequestUri for a pushed request, which has none
   */
  async consume(id: string): Promise<void> {
    forget('Token', id);
    if (await store.consumeArtifact(this.#database, this.#rowId(id))) return;
    if (this.#model === 'PushedAuthorizationRequest') {
      throw new errors.InvalidRequestUri('request_uri was already used');
    }
    const row = await store.findArtifact(this.#database, this.#rowId(id));
    if (row?.payload.grantId) await store.removeGrant(this.#database, row.payload.grantId);
    throw new errors.InvalidGrant(`${this.#model} already consumed`);
  }

  async destroy(id: string): Promise<void> {
    for (const kind of [this.#model, 'Token']) forget(kind, id);
    if (this.#model === 'Grant') await store.removeGrant(this.#database, id);
    else await store.removeArtifact(this.#database, this.#rowId(id));
  }

  /** Called once per model; the first call removes the family for all of them. */
  async revokeByGrantId(grantId: string): Promise<void> {
    if (remembered('RevokedGrant', grantId)) return;
    remember('RevokedGrant', grantId, true);
    await store.removeGrant(this.#database, grantId);
  }

  async #findToken(id: string): Promise<AdapterPayload | undefined> {
    // Introspection asks for one token under each kind at once: that is still one look-up.
    const reading =
      remembered<Promise<store.TokenRow | undefined>>('Token', id) ??
      store.findTokenArtifact(this.#database, this.#rowId(id));
    remember('Token', id, reading);
    const row = await reading;
    if (!row?.clientServes) return undefined;
    if (row.payload.kind !== this.#model) return undefined;
    const { accountId, grantId, sessionUid } = row.payload;
    if (accountId) remember('Subject', accountId, row.subject);
    if (accountId && !row.subject) return undefined;
    if (grantId && row.grant) remember('Grant', grantId, row.grant);
    if (sessionUid && row.session && !this.#isOver(row.session)) {
      remember('SessionUid', sessionUid, row.session);
    }
    return complete(row, id);
  }

  async #findSession(id: string): Promise<AdapterPayload | undefined> {
    const row = await store.findSessionArtifact(this.#database, this.#rowId(id));
    if (!row || this.#isOver(row.payload)) return undefined;
    const { accountId } = row.payload;
    if (accountId && !row.subject) return undefined;
    if (accountId) remember('Subject', accountId, row.subject);
    for (const [grantId, grant] of Object.entries(row.grants ?? {})) {
      remember('Grant', grantId, grant);
    }
    this.#rememberSession(id, row.payload);
    return complete(row, id);
  }

  /** The library changes the very object that it is given, so what is stored is kept as text. */
  #rememberSession(id: string, payload: AdapterPayload): void {
    if (payload.uid) remember('SessionUid', payload.uid, payload);
    remember('StoredSession', id, storedSession(payload));
  }

  #isUnchangedSession(id: string, payload: AdapterPayload): boolean {
    const before = remembered<StoredSession>('StoredSession', id);
    if (!before) return false;
    const now = storedSession(payload);
    const moved = Math.abs(now.exp - before.exp);
    return moved < sessionExpirySlack && now.rest === before.rest;
  }

  /** By the limit of now: a shorter one counts for sessions that there are. */
  #isOver(session: AdapterPayload): boolean {
    return secondsLeft(session, this.#sessions) < 1;
  }

  #anonymousFrom(payload: AdapterPayload): { anonymousFrom: string } | undefined {
    const address = requestContext()?.address;
    if (!address || !isAnonymous(this.#model, payload)) return undefined;
    return { anonymousFrom: this.#fingerprints.of('network', addressKey(address)) };
  }

  #reveal(payload: AdapterPayload, id: string): AdapterPayload {
    return this.#model === 'Interaction' ? revealIds(payload, id, this.#rows) : payload;
  }

  /** A Grant's id is no bearer credential and is joined on, so it is kept. */
  #rowId(id: string): string {
    return this.#model === 'Grant' ? id : this.#rows.of(id);
  }
}

class ClientAdapter implements Adapter {
  readonly #clients: ClientDirectory;

  constructor(clients: ClientDirectory) {
    this.#clients = clients;
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const client = await this.#clients.find(id);
    if (!client) refuseMetadataDocument(id);
    return client && clientMetadata(client);
  }

  async upsert(): Promise<void> {
    throw new Error('Clients are made by command, never by the protocol.');
  }

  async findByUid(): Promise<undefined> {}
  async findByUserCode(): Promise<undefined> {}
  async consume(): Promise<void> {}
  async destroy(): Promise<void> {}
  async revokeByGrantId(): Promise<void> {}
}

function complete(row: store.ArtifactRow, jti: string): AdapterPayload {
  return {
    ...row.payload,
    jti,
    ...(row.consumedAt ? { consumed: Math.floor(row.consumedAt) } : undefined),
  };
}

/**
 * JSON in PostgreSQL holds neither NUL nor half of a surrogate pair. Both come only from requests.
 *
 * @throws InvalidRequest
 */
function assertStorable(payload: AdapterPayload): void {
  if (/(?<!\\)(?:\\\\)*\\u(0000|d[89a-f])/.test(JSON.stringify(payload))) {
    throw new errors.InvalidRequest('the request holds characters that no text can hold');
  }
}

type StoredSession = { exp: number; rest: string };

function storedSession({ jti: _jti, exp = 0, iat: _iat, ...rest }: AdapterPayload): StoredSession {
  return { exp, rest: canonical(rest) };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([, v]) => v !== undefined)
            .sort(([x], [y]) => (x < y ? -1 : 1)),
        )
      : inner,
  );
}
