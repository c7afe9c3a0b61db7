import type { Ask } from './ask.ts'
import { scanForm } from './form.ts'
import { scanObject } from './scan.ts'

const isModel = (name: string) => name.toLowerCase() === 'model'

/** The body with another model name in the place of the caller's; everything else stays byte for byte. */
export function withModel({ body, boundary }: Pick<Ask, 'body' | 'boundary'>, model: string): Buffer {
  const [place] =
    boundary === null
      ? scanObject(body, (name) => (isModel(name) ? name : null)).members
      : scanForm(body, boundary).filter(({ name }) => isModel(name))
  if (!place) return body
  const written = Buffer.from(boundary === null ? JSON.stringify(model) : model)
  return Buffer.concat([body.subarray(0, place.start), written, body.subarray(place.end)])
}
