import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import type { KeyRing } from '../secrets/keyring.ts';
import { ClientRefusals, type Refused } from './client-refusals.ts';
import { onFault } from './faults.ts';
import { keysVersion, verifyingKeys } from './keys.store.ts';
import { ensureSigningKeys, loadSigningKeys } from './keys.ts';
import { createProvider, type ProviderParts } from './provider.ts';

/** How often each instance looks whether the keys changed, in ms. A new key signs later than this. */
const lookEvery = 5000;

/**
 * The provider with the signing keys of now. All instances see a rotation within seconds, and a new
 * key is published before it signs, so they never disagree about a token.
 */
export class CurrentProvider {
  readonly #parts: ProviderParts;
  readonly #ring: KeyRing;
  #version = '';
  #provider: Provider | undefined;
  #handler: ((req: IncomingMessage, res: ServerResponse) => Promise<void>) | undefined;
  #timer: NodeJS.Timeout | undefined;

  readonly #onError: (error: unknown, doing: string) => void;
  readonly #refusals: ClientRefusals;

  /**
   * @param onError hears of failures that the library answers with `server_error`
   * @param onRefused hears of clients that could not prove themselves, now and then
   */
  constructor(
    parts: ProviderParts,
    ring: KeyRing,
    onError: (error: unknown, doing: string) => void,
    onRefused: (refused: Refused) => void,
  ) {
    this.#refusals = new ClientRefusals(parts.database, onRefused, onError);
    this.#onError = onError;
    this.#parts = parts;
    this.#ring = ring;
  }

  async start(): Promise<void> {
    await ensureSigningKeys(this.#parts.database, this.#ring);
    await this.#refresh();
    this.#timer = setInterval(() => {
      this.#refresh().catch((error) => this.#onError(error, 'signing keys could not be read'));
    }, lookEvery);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get provider(): Provider {
    if (!this.#provider) throw new Error('the provider is not started');
    return this.#provider;
  }

  /** Serves a request whose URL is relative to the issuer. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (!this.#handler) throw new Error('the provider is not started');
    return this.#handler(req, res);
  }

  async #refresh(): Promise<void> {
    const version = await keysVersion(this.#parts.database);
    if (version === this.#version) return;
    const { database } = this.#parts;
    this.#provider = createProvider(this.#parts, {
      signing: await loadSigningKeys(database, this.#ring),
      verifying: await verifyingKeys(database),
    });
    onFault(this.#provider, this.#onError);
    this.#refusals.watch(this.#provider);
    this.#handler = this.#provider.callback() as typeof this.handle;
    this.#version = version;
  }
}
