import { builder } from './builder.ts'

/** The input of a mutation that needs to know which one, and nothing else: `idInput('DeleteRuleInput', 'rule')`. */
export const idInput = (name: string, what: string) =>
  builder.inputType(name, {
    description: `Names the ${what}.`,
    fields: (t) => ({ id: t.id({ required: true, description: `The ${what}.` }) }),
  })
