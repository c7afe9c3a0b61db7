import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
} from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg'
import type pg from 'pg'

const SCHEMA_DIR = fileURLToPath(new URL('../../prisma/schema', import.meta.url))
const CHAR_OID = 18
const TEXT_OID = 25

/** The SQL that takes the database behind `pool` to prisma/schema; the empty text when they agree. */
export async function sqlToSchema(pool: pg.Pool): Promise<string> {
  const files = readSchema()
  const engine = await openEngine(pool)
  const result = await engine.diff({
    from: { tag: 'schemaDatasource', files, configDir: SCHEMA_DIR },
    to: { tag: 'schemaDatamodel', files },
    script: true,
    exitCode: true,
    filters: { externalTables: [], externalEnums: [] },
  })
  engine.free()
  return result.exitCode === 0 ? '' : (result.stdout ?? '')
}

function readSchema(): { path: string; content: string }[] {
  const names = readdirSync(SCHEMA_DIR).filter((name) => name.endsWith('.prisma'))
  return names.map((name) => ({ path: join(SCHEMA_DIR, name), content: readFileSync(join(SCHEMA_DIR, name), 'utf8') }))
}

let loading: Promise<EngineBindings> | undefined

// Its state is global to the module, and a second instance would break the first: one per process.
async function openEngine(pool: pg.Pool): Promise<SchemaEngine> {
  loading ??= loadBindings()
  const bindings = await loading
  return bindings.SchemaEngine.new({ datamodels: undefined }, () => undefined, adapterFor(pool))
}

// The module's own entry imports the .wasm file, which Node does only behind a flag: so it is instantiated here.
async function loadBindings(): Promise<EngineBindings> {
  const wasmPath = fileURLToPath(
    new URL('schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg')),
  )
  const assembly: Assembly = Object(Reflect.get(globalThis, 'WebAssembly'))
  const imports = { './schema_engine_bg.js': engineModule }
  const { exports } = (await assembly.instantiate(readFileSync(wasmPath), imports)).instance
  const bindings: EngineBindings = Object(engineModule)
  bindings.__wbg_set_wasm(exports)
  exports.__wbindgen_start()
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: () => undefined } })
  return bindings
}

// Node has WebAssembly, but only the browser's type library describes it.
type Assembly = {
  instantiate(code: Uint8Array, imports: unknown): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

type EngineBindings = {
  __wbg_set_wasm(exports: unknown): void
  readonly SchemaEngine: typeof SchemaEngine
}

function adapterFor(pool: pg.Pool) {
  return bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: async () => readingChars(await new PrismaPg(pool).connect()),
    connectToShadowDb: () => Promise.reject(new Error('no shadow database: the engine compares with a migrated one')),
  })
}

// The engine reads catalogue columns of type "char", which adapter-pg 7 refuses: they are told to it as text.
function readingChars(adapter: SqlDriverAdapter): SqlDriverAdapter {
  const inner: { performIO(query: unknown): Promise<{ fields?: { dataTypeID: number }[] }> } = Object(adapter)
  const performIO = inner.performIO.bind(adapter)
  let chars: readonly boolean[] = []
  inner.performIO = async (query) => {
    const result = await performIO(query)
    const fields = result.fields ?? []
    chars = fields.map((field) => field.dataTypeID === CHAR_OID)
    for (const field of fields) if (field.dataTypeID === CHAR_OID) field.dataTypeID = TEXT_OID
    return result
  }
  const queryRaw = adapter.queryRaw.bind(adapter)
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query)
    return {
      ...result,
      columnTypes: result.columnTypes.map((type, at) => (chars[at] ? ColumnTypeEnum.Character : type)),
    }
  }
  return adapter
}
