import { execFileSync } from 'node:child_process';
import { lastWords, Venv } from '../../synapse/venv.ts';

const venv = new Venv('check-jsonschema-venv', 'check-jsonschema==0.39.0');

/**
 * Judges a file by the Compose Specification's schema, which check-jsonschema of PyPI brings.
 * @throws Error that says what is wrong in it, or in one line what is missing
 */
export async function assertComposeFile(path: string): Promise<void> {
  try {
    await venv.install('import check_jsonschema');
  } catch (cause) {
    throw new Error(
      `check-jsonschema could not be installed (${lastWords(cause as Error)}): it needs Python 3.10 or newer with venv (apt-get install python3-venv) and PyPI.`,
      { cause },
    );
  }
  const schema = ['--builtin-schema', 'vendor.compose-spec'];
  execFileSync(venv.python, ['-m', 'check_jsonschema', ...schema, path], { stdio: 'pipe' });
}
