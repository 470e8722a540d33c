import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Registration } from '../../src/matrix/appservice/registration.ts';
import type { ProviderBlock, SignInSettings } from '../../src/matrix/provider-block.ts';
import { freePorts } from './ports.ts';
import {
  type PreparedService,
  prepareInstances,
  prepareService,
  type Service,
  type ServiceOptions,
} from './service.ts';
import { type Synapse, type SynapseOptions, startSynapse } from './synapse.ts';

export type Platform = {
  service: Service;
  synapse: Synapse;
  stop(): Promise<void>;
};

export type PlatformOptions = ServiceOptions & {
  synapse?: SynapseOptions;
  /** Clients that Synapse hands a sign-in to without asking the person. */
  webClients?: string[];
  /** Changes Synapse's blocks as an operator may have written them. */
  adjustBlock?: (block: ProviderBlock) => void;
  /** Adds tenants and clients before Synapse's configuration is printed; gives the clients' secrets. */
  furnish?: (service: PreparedService, synapseUrl: string) => Promise<Record<string, string>>;
  /** Whether the service has a token of Synapse's admin; unless given it has. */
  provisions?: boolean;
  /**
   * Whether the service acts as the bot instead, an application service that is server admin: rooms
   * are kept, and Synapse reports what happens in them.
   */
  bot?: boolean;
  /** How many instances of the service there are; behind a load balancer unless it is one. */
  instances?: number;
};

/**
 * The service and a Synapse that signs people in through it, as an operator sets them up: the block
 * that the command line tool prints, and a token of Synapse's admin for provisioning.
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const serverName = options.synapse?.serverName ?? 'matrix.example';
  const [port = 0] = await freePorts(1);
  const env = {
    MATRIX_SERVER_NAME: serverName,
    SYNAPSE_URL: `http://127.0.0.1:${port}`,
    ...options.env,
  };
  const { instances = 1 } = options;
  const prepared =
    instances > 1
      ? await prepareInstances(instances, { ...options, env })
      : await prepareService({ ...options, env });
  const secrets = await options.furnish?.(prepared, env.SYNAPSE_URL);
  const signIn = await prepared.cli<SignInSettings>('synapse', 'config');
  for (const block of signIn.oidc_providers) {
    const secret = secrets?.[String(block.client_id)];
    if (secret) block.client_secret = secret;
    options.adjustBlock?.(block);
  }
  signIn.sso.client_whitelist.push(...(options.webClients ?? []));
  const bot = options.bot ? await prepared.cli<Registration>('synapse', 'registration') : undefined;
  const appservices = [...(options.synapse?.appservices ?? []), ...(bot ? [bot] : [])];
  const synapse = await startSynapse({ signIn, ...options.synapse, appservices, serverName, port });
  if (bot) await promoteBot(prepared, bot, synapse.adminToken);
  const { provisions = true } = options;
  const service = await prepared.start(
    provisions && !bot ? { MATRIX_ACCESS_TOKEN: synapse.adminToken } : {},
  );
  return {
    service,
    synapse,
    stop: async () => {
      await Promise.all([service.stop(), synapse.stop()]);
    },
  };
}

/** As an operator does: the service gets the registration's tokens, and the bot an admin's word. */
async function promoteBot(
  service: PreparedService,
  { as_token, hs_token }: Registration,
  adminToken: string,
): Promise<void> {
  service.configure({ MATRIX_ACCESS_TOKEN: as_token, MATRIX_HS_TOKEN: hs_token });
  const directory = await mkdtemp(join(tmpdir(), 'openmeet-admin-'));
  const file = join(directory, 'token');
  await writeFile(file, adminToken, { mode: 0o600 });
  await service.cli('synapse', 'bot', '--admin-token-file', file);
  await rm(directory, { recursive: true });
}
