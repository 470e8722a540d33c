import type { SignInSettings } from '../../src/matrix/provider-block.ts';
import { freePorts } from './ports.ts';
import { prepareService, type Service, type ServiceOptions } from './service.ts';
import { type Synapse, type SynapseOptions, startSynapse } from './synapse.ts';

export type Platform = {
  service: Service;
  synapse: Synapse;
  stop(): Promise<void>;
};

/**
 * The service and a Synapse that signs people in through it, as an operator sets them up: the block
 * that the command line tool prints, and a token of Synapse's admin for provisioning. Synapse asks
 * before it hands a sign-in to clients other than `webClients`.
 */
export async function startPlatform(
  options: ServiceOptions & { synapse?: SynapseOptions; webClients?: string[] } = {},
): Promise<Platform> {
  const serverName = options.synapse?.serverName ?? 'matrix.example';
  const [port = 0] = await freePorts(1);
  const env = {
    MATRIX_SERVER_NAME: serverName,
    SYNAPSE_URL: `http://127.0.0.1:${port}`,
    ...options.env,
  };
  const prepared = await prepareService({ ...options, env });
  const signIn = await prepared.cli<SignInSettings>('synapse', 'config');
  signIn.sso.client_whitelist.push(...(options.webClients ?? []));
  const synapse = await startSynapse({ signIn, ...options.synapse, serverName, port });
  const service = await prepared.start({ MATRIX_ACCESS_TOKEN: synapse.adminToken });
  return {
    service,
    synapse,
    stop: async () => {
      await Promise.all([service.stop(), synapse.stop()]);
    },
  };
}
