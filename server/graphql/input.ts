import { builder } from './builder.ts'

/** What the fields of an input are made with, for those that several inputs have. */
export type InputFields = Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0]

/** The input of a mutation that needs to know which one, and nothing else: `idInput('DeleteRuleInput', 'rule')`. */
export const idInput = (name: string, what: string) =>
  builder.inputType(name, {
    description: `Names the ${what}.`,
    fields: (t) => ({ id: t.id({ required: true, description: `The ${what}.` }) }),
  })
