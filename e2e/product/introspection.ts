import type { GraphqlClient } from './graphql.ts'

/** One field of a type, read from the running schema. */
export type FieldShape = {
  readonly name: string
  readonly typeName: string
  readonly kind: string
  readonly args: readonly { readonly name: string; readonly required: boolean; readonly typeText: string }[]
}

type TypeRef = { readonly kind: string; readonly name: string | null; readonly ofType?: TypeRef | null }
type RawField = {
  readonly name: string
  readonly type: TypeRef
  readonly args: readonly { readonly name: string; readonly type: TypeRef; readonly defaultValue: string | null }[]
}
type RawType = {
  readonly __type: {
    readonly fields: readonly RawField[] | null
    readonly possibleTypes: readonly { readonly name: string }[] | null
  } | null
}

const ref = '{ kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }'
const document = `query Shape($name: String!) {
  __type(name: $name) { fields { name type ${ref} args { name defaultValue type ${ref} } } possibleTypes { name } }
}`

function named(type: TypeRef): TypeRef {
  return type.ofType ? named(type.ofType) : type
}

function textOf(type: TypeRef): string {
  if (type.kind === 'NON_NULL' && type.ofType) return `${textOf(type.ofType)}!`
  if (type.kind === 'LIST' && type.ofType) return `[${textOf(type.ofType)}]`
  return type.name ?? ''
}

function shape(field: RawField): FieldShape {
  const { name, kind } = named(field.type)
  const args = field.args.map((arg) => ({
    name: arg.name,
    required: arg.type.kind === 'NON_NULL' && arg.defaultValue === null,
    typeText: textOf(arg.type),
  }))
  return { name: field.name, typeName: name ?? '', kind, args }
}

/** A member of a union stands where a field would. */
const member = (typeName: string): FieldShape => ({ name: `... on ${typeName}`, typeName, kind: 'OBJECT', args: [] })

const known = new Map<string, readonly FieldShape[]>()

/** The fields of one type as the running product describes them. */
export async function readRootFields(api: GraphqlClient, typeName: string): Promise<readonly FieldShape[]> {
  const cached = known.get(typeName)
  if (cached) return cached
  const { __type } = await api.query<RawType>(document, { name: typeName })
  const fields = __type?.fields?.map(shape) ?? (__type?.possibleTypes ?? []).map(({ name }) => member(name))
  known.set(typeName, fields)
  return fields
}

const isLeaf = ({ kind }: FieldShape): boolean => kind === 'SCALAR' || kind === 'ENUM'

/** A selection of everything below a type that needs no argument, `depth` objects deep; empty for a leaf. */
export async function selectionOf(api: GraphqlClient, typeName: string, depth: number): Promise<string> {
  const fields = await readRootFields(api, typeName)
  if (fields.length === 0) return ''
  const parts: string[] = ['__typename']
  for (const field of fields.filter(({ args }) => args.every(({ required }) => !required))) {
    if (isLeaf(field)) parts.push(field.name)
    else if (depth > 0) parts.push(`${field.name} ${await selectionOf(api, field.typeName, depth - 1)}`)
  }
  return `{ ${parts.filter((part) => !part.endsWith(' ')).join(' ')} }`
}

/**
 * Every leaf below a type as a selection of its own, `depth` objects deep. Asked one by one, a field that is refused
 * cannot hide what the field next to it would have shown.
 */
export async function leavesOf(api: GraphqlClient, typeName: string, depth: number): Promise<readonly string[]> {
  const leaves: string[] = []
  for (const field of await readRootFields(api, typeName)) {
    if (field.args.some(({ required }) => required)) continue
    if (isLeaf(field)) leaves.push(`{ ${field.name} }`)
    else if (depth > 0) {
      const below = await leavesOf(api, field.typeName, depth - 1)
      leaves.push(...below.map((leaf) => `{ ${field.name} ${leaf} }`))
    }
  }
  return leaves
}

/** A query of one root field with the given arguments as variables of their declared types. */
export function rootDocument(field: FieldShape, args: Readonly<Record<string, unknown>>, selection: string): string {
  const given = field.args.filter(({ name }) => name in args)
  const declared = given.map(({ name, typeText }) => `$${name}: ${typeText}`).join(', ')
  const passed = given.map(({ name }) => `${name}: $${name}`).join(', ')
  const body = isLeaf(field) ? '' : selection
  return `query Walk${declared === '' ? '' : `(${declared})`} { ${field.name}${passed === '' ? '' : `(${passed})`} ${body} }`
}
