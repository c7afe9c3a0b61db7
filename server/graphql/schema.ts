import { lexicographicSortSchema } from 'graphql'
import '../governance/audit.graphql.ts'
import '../keys/key-mutations.graphql.ts'
import '../keys/keys.graphql.ts'
import '../providers/provider-mutations.graphql.ts'
import '../providers/providers.graphql.ts'
import '../usage/entries.graphql.ts'
import '../usage/report.graphql.ts'
import '../users/users.graphql.ts'
import './problems.ts'
import { builder } from './builder.ts'

/** The whole schema, types and members in alphabetical order. */
export const schema = lexicographicSortSchema(builder.toSchema())
