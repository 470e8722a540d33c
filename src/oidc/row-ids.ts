import type { Fingerprints } from '../secrets/fingerprints.ts';

/** Marks an id that stands for a row found by other means than its own id. */
const prefix = 'row~';

/**
 * Where an artifact is kept: under the HMAC of its id. A handle is another id of the same row, for
 * when its own is not known; only we can make one, so that a row's name opens nothing.
 */
export class RowIds {
  readonly #fingerprints: Fingerprints;

  constructor(fingerprints: Fingerprints) {
    this.#fingerprints = fingerprints;
  }

  /** @param id the artifact's own, or a handle */
  of(id: string): string {
    if (id.startsWith(prefix)) {
      const [row = '', proof = ''] = id.slice(prefix.length).split('~');
      if (this.#fingerprints.matches('oidc:row', row, proof)) return row;
    }
    return this.#fingerprints.of('oidc:id', id);
  }

  handle(row: string): string {
    return `${prefix}${row}~${this.#fingerprints.of('oidc:row', row)}`;
  }
}
