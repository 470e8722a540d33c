import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastWords, Venv } from './venv.ts';

const requirements = readFileSync(join(import.meta.dirname, 'requirements.txt'), 'utf8');
const venv = new Venv('synapse-venv', requirements);

/** Whether `installSynapse` has nothing left to download. */
export function isSynapseInstalled(): boolean {
  return venv.isInstalled;
}

/**
 * Installs Synapse from PyPI into .cache, once for each content of requirements.txt.
 * @param signal breaks it off
 * @returns the Python that has it
 * @throws Error that says in one line what is missing and how to get it
 */
export async function installSynapse(signal?: AbortSignal): Promise<string> {
  try {
    await venv.install('import synapse.app.homeserver, authlib', signal);
  } catch (cause) {
    throw new Error(
      `Synapse could not be installed (${lastWords(cause as Error)}): it needs Python 3.10 or newer with venv (apt-get install python3-venv) and PyPI.`,
      { cause },
    );
  }
  return venv.python;
}
