import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'

// Prisma's CLI fetches a native schema engine before every command, and fails where it cannot. `generate`,
// `validate` and `format` never run that engine: any existing file will do. Migrations have their own runner.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= fileURLToPath(import.meta.url)

export default defineConfig({
  schema: 'schema',
  migrations: { path: 'migrations' },
})
