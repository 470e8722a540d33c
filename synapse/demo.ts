import { execFile } from 'node:child_process';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { HomeserverOptions } from './homeserver.ts';
import { installSynapse, isSynapseInstalled } from './install.ts';
import { root, startProcess, untilReady } from './process.ts';
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

/** What an operator copies into homeserver.yaml; it makes the client on first use. */
async function signInSettings(): Promise<HomeserverOptions['signIn']> {
  const { PATH = '', HOME = '/' } = process.env;
  const command = ['src/cli/main.ts', 'synapse', 'config', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, command, {
    cwd: root,
    env: { PATH, HOME, ...env },
  });
  return JSON.parse(stdout);
}

async function start() {
  if (!isSynapseInstalled()) console.log('Installing Synapse from PyPI, once: about a minute …');
  await installSynapse();
  console.log('Starting …');
  const homeserver = await startHomeserver({
    serverName,
    port: synapsePort,
    directory: join(directory, 'synapse'),
    signIn: await signInSettings(),
  });
  const service = startProcess(process.execPath, ['src/main.ts'], {
    env: { ...env, LOG_LEVEL: 'warn', MATRIX_ACCESS_TOKEN: homeserver.adminToken },
    onOutput: (text) => process.stdout.write(text),
  });
  await untilReady(service, `${publicUrl}/health/ready`, { name: 'The service' });
  return { homeserver, service };
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

const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => resolve('interrupted'));
  }
});

try {
  const running = await Promise.race([start(), interrupted]);
  // Whatever was started already is killed with this process.
  if (running === 'interrupted') process.exit(130);
  explain();
  await interrupted;
  console.log('\nStopping …');
  await running.service.stop();
  await running.homeserver.stop();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
