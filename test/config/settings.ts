/** Settings to start from, and what is wrong with a given set. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';

export const directory = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(directory, { recursive: true }));

export const key = randomBytes(32).toString('base64');
export const development = { DATA_DIR: directory };
export const production = {
  NODE_ENV: 'production',
  DATA_DIR: directory,
  PUBLIC_URL: 'https://id.openmeet.test',
  TRUSTED_PROXIES: '10.0.0.1',
  DATABASE_URL: 'postgres://openmeet:hunter2@db/openmeet',
  ENCRYPTION_KEYS: key,
  SMTP_URL: 'smtps://openmeet:hunter2@mail.openmeet.test',
  MAIL_FROM: 'OpenMeet <no-reply@openmeet.test>',
  MATRIX_SERVER_NAME: 'openmeet.test',
};

export function file(content: string): string {
  const path = join(directory, randomBytes(6).toString('hex'));
  writeFileSync(path, content);
  return path;
}

export function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
}
