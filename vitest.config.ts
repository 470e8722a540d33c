import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** These start a homeserver, a Bluesky or a browser each, and have the machine for themselves. */
const oneByOne = [
  'test/{e2e,matrix,synapse}/**/*.test.ts',
  'test/findings/**/*.e2e.test.ts',
  'test/cli/migration-{power,rooms}.test.ts',
  'test/federation/{atproto,atproto-hostile,atproto-confidential,atproto-https,bluesky-accounts}.test.ts',
];

/**
 * A run starts hundreds of processes of the same sources: what Node has compiled for one is kept for the
 * others, in half the time of the processor. What is covered would be seen less exactly.
 */
if (!process.argv.includes('--coverage')) {
  process.env.NODE_COMPILE_CACHE ??= resolve(import.meta.dirname, '.cache/compiled');
}

const elsewhere = ['**/node_modules/**', 'test/parts/**'];

const shared = {
  // A process for each file, in which Node itself runs the sources as it does in production.
  pool: 'forks',
  experimental: { viteModuleRunner: false, nodeLoader: false },
  testTimeout: 120_000,
  hookTimeout: 180_000,
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'side by side',
          include: ['test/**/*.test.ts'],
          exclude: [...elsewhere, ...oneByOne],
          globalSetup: 'test/support/prepare-database.ts',
          // They wait for others more than they compute.
          maxWorkers: 3,
        },
      },
      {
        test: {
          ...shared,
          name: 'one by one',
          include: oneByOne,
          exclude: elsewhere,
          globalSetup: ['test/support/prepare-database.ts', 'test/support/prepare-journeys.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    reporters: ['default', './test/support/total.ts'],
    coverage: { provider: 'v8', include: ['src/**/*.ts'] },
    // What a file leaves open does not keep its process.
    teardownTimeout: 30_000,
  },
});
