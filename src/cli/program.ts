import { Command } from 'commander';
import { example } from './example.ts';

type Noun = {
  description: string;
  /** Only the noun that is asked for is loaded, so that help comes at once. */
  load(): Promise<{ register(noun: Command): void }>;
};

export const nouns: Readonly<Record<string, Noun>> = {
  tenants: {
    description: 'communities: add, change, suspend',
    load: () => import('./tenants.ts'),
  },
  clients: {
    description: 'applications that people sign in to, and programs that use the internal API',
    load: () => import('./clients.ts'),
  },
  accounts: {
    description: 'people: add, look up, disable, delete, take Matrix access away',
    load: () => import('./accounts.ts'),
  },
  invitations: {
    description: 'links by which people join a tenant: add, list, revoke',
    load: () => import('./invitations.ts'),
  },
  'sign-ups': {
    description: 'requests to join a tenant that approves of newcomers: list, approve, refuse',
    load: () => import('./sign-ups.ts'),
  },
  connections: {
    description: 'OpenID providers that the people of a tenant sign in with',
    load: () => import('./connections.ts'),
  },
  handles: {
    description: 'handles: check, show, reserve, import',
    load: () => import('./handles.ts'),
  },
  rooms: {
    description: 'rooms of events, groups, workspaces and organisations: look up, compare, mend',
    load: () => import('./rooms.ts'),
  },
  keys: {
    description: 'keys that sign tokens and keys that seal secrets',
    load: () => import('./keys.ts'),
  },
  deploy: {
    description: 'write what a deployment with compose and a reverse proxy needs',
    load: () => import('./deploy.ts'),
  },
  synapse: {
    description: 'settings for a Synapse homeserver',
    load: () => import('./synapse.ts'),
  },
  migration: {
    description: 'move an existing deployment here: import, check its rooms, undo',
    load: () => import('./migration.ts'),
  },
  audit: {
    description: 'what happened: who did what to whom, when, from where',
    load: () => import('./audit.ts'),
  },
  jobs: {
    description: 'queued work that was given up on',
    load: () => import('./jobs.ts'),
  },
  doctor: {
    description: 'check everything that a deployment needs, and say how to mend what is wrong',
    load: () => import('./doctor.ts'),
  },
};

/** The whole command line; verbs are there only for the noun that `argv` names. */
export async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('openmeet-id')
    .description('Operates OpenMeet ID.')
    .option('--json', 'print the result as JSON, and nothing else')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    // Errors are printed once, by whoever runs this program.
    .configureOutput({ outputError: () => {} })
    .addHelpText(
      'after',
      '\nSettings come from the environment, as for the service: see docs/configuration.md.' +
        example('tenants list'),
    );
  const asked = argv.find((argument) => Object.hasOwn(nouns, argument));
  for (const [name, { description, load }] of Object.entries(nouns)) {
    const noun = program.command(name).description(description);
    if (name === asked) (await load()).register(noun);
  }
  return program;
}
