import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        // Vite would load graphql's ES modules while Pothos, loaded by Node, has the CommonJS ones: two GraphQLObjectTypes.
        resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
        test: {
          name: 'server',
          // The suite of the gateway runs against both ways through the process: `AIC_FAST_PATH=0` is node:http and undici.
          provide: { fastPath: process.env['AIC_FAST_PATH'] ?? '1' },
          include: ['server/**/*.test.ts', 'scripts/**/*.test.ts', 'prisma/**/*.test.ts'],
          globalSetup: ['server/test/cluster.ts'],
          setupFiles: ['server/test/setup.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          // What is waited for comes at once, on a machine with nothing else to do: one second is no verdict on a busy one.
          expect: { poll: { timeout: 10_000 } },
        },
      },
      {
        test: { name: 'console', include: ['console/src/**/*.test.ts'], setupFiles: ['server/test/setup.ts'] },
      },
      {
        // They start whole servers, kill them and measure: one at a time, when all else is done.
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.ts'],
          globalSetup: ['server/test/cluster.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
