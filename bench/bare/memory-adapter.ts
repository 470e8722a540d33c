import type { Adapter, AdapterPayload } from 'oidc-provider';

type Entry = { payload: AdapterPayload; expiresAt: number };

/** The library's own one forgets all but the last thousand entries; this one forgets nothing. */
export class MemoryAdapter implements Adapter {
  static readonly #entries = new Map<string, Entry>();
  static readonly #uids = new Map<string, string>();
  static readonly #grants = new Map<string, Set<string>>();
  readonly #type: string;

  constructor(type: string) {
    this.#type = type;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const key = this.#key(id);
    MemoryAdapter.#entries.set(key, { payload, expiresAt: Date.now() + expiresIn * 1000 });
    if (this.#type === 'Session' && payload.uid) MemoryAdapter.#uids.set(payload.uid, id);
    if (!payload.grantId || this.#type === 'Session') return;
    const family = MemoryAdapter.#grants.get(payload.grantId) ?? new Set();
    MemoryAdapter.#grants.set(payload.grantId, family.add(key));
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const entry = MemoryAdapter.#entries.get(this.#key(id));
    return entry && entry.expiresAt > Date.now() ? entry.payload : undefined;
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    const id = MemoryAdapter.#uids.get(uid);
    return id === undefined ? undefined : this.find(id);
  }

  async findByUserCode(): Promise<undefined> {}

  async consume(id: string): Promise<void> {
    const entry = MemoryAdapter.#entries.get(this.#key(id));
    if (entry) entry.payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    MemoryAdapter.#entries.delete(this.#key(id));
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const key of MemoryAdapter.#grants.get(grantId) ?? []) MemoryAdapter.#entries.delete(key);
    MemoryAdapter.#grants.delete(grantId);
  }

  #key(id: string): string {
    return `${this.#type}:${id}`;
  }
}
