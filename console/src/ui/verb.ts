import { ref, shallowRef } from 'vue'
import type { Failure, Outcome } from '../client.ts'
import { showMistake } from './focus.ts'

type FieldErrors = { setErrors: (errors: { name: string; message: string }[]) => void }

/** `input.expiresAt` and `expiresAt` both mean the field `expiresAt` of the form. */
function toField(path: string): string {
  return path.replace(/^input\./, '')
}

/**
 * Runs one change at a time and remembers why the last one was refused. Issues of the input go to the fields of the
 * form when one is given; what has no field stays in `problem`.
 */
export function useVerb() {
  const isBusy = ref(false)
  const problem = shallowRef<Failure | null>(null)

  async function run<T>(change: () => Promise<Outcome<T>>, form?: FieldErrors | null): Promise<T | null> {
    if (isBusy.value) return null
    isBusy.value = true
    problem.value = null
    try {
      const outcome = await change()
      if (outcome.ok) return outcome.value
      if (form && outcome.issues.length > 0) {
        form.setErrors(outcome.issues.map((issue) => ({ name: toField(issue.path), message: issue.message })))
        showMistake()
      }
      problem.value = outcome
      return null
    } finally {
      isBusy.value = false
    }
  }

  return { isBusy, problem, run, forget: () => (problem.value = null) }
}
