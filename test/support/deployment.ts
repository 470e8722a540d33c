import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../cli/terminal.ts';

/**
 * What `deploy init` writes for example.org, in a directory of its own.
 * @throws Error with what it said if it fails
 */
export async function newDeployment(...options: string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'deployment-'));
  const given = ['--server-name', 'example.org', '--smtp-url', '-', '--directory', directory];
  const input = 'smtps://user:password@mail.example.org\n';
  const { code, stderr } = await runCli(['deploy', 'init', ...given, ...options], { input });
  if (code !== 0) throw new Error(stderr);
  return { directory, remove: () => rmSync(directory, { recursive: true }) };
}
