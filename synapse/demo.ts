import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { onStopRequested } from '../src/process-end.ts';
import type { HomeserverOptions } from './homeserver.ts';
import { installSynapse, isSynapseInstalled } from './install.ts';
import { plainEnvironment, root, startProcess, stopStarted, untilReady } from './process.ts';
import { startHomeserver } from './start.ts';

/**
 * `npm run demo`: the service and a Synapse that signs people in through it, on this machine alone.
 * PORT and SYNAPSE_PORT choose other ports; everything is kept in .demo, or in DEMO_DIR.
 */
const port = Number(process.env.PORT || 3000);
const synapsePort = Number(process.env.SYNAPSE_PORT || 8008);
const directory = resolve(root, process.env.DEMO_DIR || '.demo');
const serverName = 'demo.localhost';
const publicUrl = `http://127.0.0.1:${port}`;
const synapseUrl = `http://127.0.0.1:${synapsePort}`;

const env = {
  HOST: '127.0.0.1',
  PORT: `${port}`,
  PUBLIC_URL: publicUrl,
  DATA_DIR: join(directory, 'service'),
  MATRIX_SERVER_NAME: serverName,
  SYNAPSE_URL: synapseUrl,
};

/** When the demo is told to end. */
const told = new AbortController();
const interrupted = once(told.signal, 'abort');

type Registration = { as_token: string; hs_token: string };
type BotTokens = { MATRIX_ACCESS_TOKEN: string; MATRIX_HS_TOKEN: string };

/** What an operator types. */
async function cli<T>(command: string[], tokens?: BotTokens): Promise<T> {
  const args = ['src/cli/main.ts', ...command, '--json'];
  const running = promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { ...plainEnvironment(), ...env, ...tokens },
    signal: told.signal,
  });
  const { stdout } = await running.catch((error: Error & { stderr?: string }) => {
    const [said] = error.stderr?.match(/^\{"error":.*\}$/m) ?? [];
    throw new Error(said ? JSON.parse(said).error.message : error.message);
  });
  return JSON.parse(stdout);
}

/** The bot's registration, with the tokens of the last time. */
async function registerBot(): Promise<{ registration: Registration; tokens: BotTokens }> {
  const path = join(directory, 'service', 'bot-tokens.json');
  const kept = existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : undefined;
  const registration = await cli<Registration>(['synapse', 'registration'], kept);
  const tokens = {
    MATRIX_ACCESS_TOKEN: registration.as_token,
    MATRIX_HS_TOKEN: registration.hs_token,
  };
  await writeFile(path, JSON.stringify(tokens), { mode: 0o600 });
  return { registration, tokens };
}

async function start(): Promise<void> {
  await assertFree('PORT', port);
  await assertFree('SYNAPSE_PORT', synapsePort);
  if (!isSynapseInstalled()) console.log('Installing Synapse from PyPI, once: about a minute …');
  await installSynapse(told.signal);
  console.log('Starting …');
  // The first of them makes the client that Synapse signs in with.
  const signIn = await cli<HomeserverOptions['signIn']>(['synapse', 'config']);
  const { registration, tokens } = await registerBot();
  await startHomeserver({
    serverName,
    port: synapsePort,
    directory: join(directory, 'synapse'),
    signIn,
    appservices: [registration],
  });
  const adminToken = join(directory, 'synapse', 'admin-token');
  await cli(['synapse', 'bot', '--admin-token-file', adminToken], tokens);
  const service = startProcess(process.execPath, ['src/main.ts'], {
    env: { ...env, LOG_LEVEL: 'warn', ...tokens },
    onOutput: (text) => process.stdout.write(text),
  });
  await untilReady(service, `${publicUrl}/health/ready`, { name: 'The service' });
}

/** Else another program there would be taken for ours. */
async function assertFree(name: string, wanted: number): Promise<void> {
  const probe = createServer().listen(wanted, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
    throw new Error(`Port ${wanted} ${why}: set ${name} to another.`);
  } finally {
    probe.close();
  }
}

function explain(): void {
  const shown = relative(process.cwd(), directory) || directory;
  console.log(`
A homeserver that signs people in through the service is at

  ${synapseUrl}

  1. Open any Matrix client on this machine, such as Element, and choose to sign in to another
     homeserver: enter the address above.
  2. Press "Continue with OpenMeet" and create an account. The mail with the code appears here and
     in ${shown}/service/mail.
  3. You are @your-handle:${serverName}.

Ctrl-C stops both; what they know is kept in ${shown} (delete it to begin anew).
`);
}

onStopRequested((impatient) => (impatient ? process.exit(1) : told.abort()));

/** Told to end while it starts, the demo fails to start: that is no failure. */
try {
  await Promise.race([start().then(explain), interrupted]);
  await interrupted;
} catch (error) {
  if (!told.signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
if (told.signal.aborted) console.log('\nStopping …');
await stopStarted();
process.exit();
