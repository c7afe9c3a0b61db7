import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { printSchema } from 'graphql'
import { schema } from './schema.ts'

// `node server/graphql/print.ts` writes the schema to where the console and the tests read it.
writeFileSync(fileURLToPath(new URL('../../schema.graphql', import.meta.url)), `${printSchema(schema)}\n`)
