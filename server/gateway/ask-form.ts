import { type Ask, checkModelName, wanted } from './ask.ts'
import { type FormPart, scanForm } from './form.ts'
import { Refusal } from './refusal.ts'
import { checkUtf8 } from './scan.ts'
import { ScanFailure } from './scan-values.ts'

const MAX_FIELD_BYTES = 4_096

/** What a caller asks for by a form with files. Its bytes go on as they are. Throws a `Refusal`. */
export function readFormAsk(bytes: Buffer, boundary: string): Ask {
  const parts = scan(bytes, boundary)
  const fields = new Map<string, string>()
  for (const part of parts) {
    const name = wanted(part.name)
    if (name === null) continue
    if (fields.has(name)) {
      throw new Refusal('duplicate_key', { message: `The field ${name} occurs more than once.`, param: name })
    }
    fields.set(name, readField(bytes, part))
  }
  const model = fields.get('model')
  if (model === undefined) throw new Refusal('invalid_parameter', { message: 'model is missing.', param: 'model' })
  const choices = Number(fields.get('n'))
  return {
    body: bytes,
    model: checkModelName(model),
    streamed: fields.get('stream')?.toLowerCase() === 'true',
    hidesUsage: false,
    maxTokens: null,
    choices: choices > 0 ? choices : null,
    prompts: 1,
    bytes: bytes.length,
    boundary,
    fieldBytes: parts.reduce((sum, { isFile, start, end }) => sum + (isFile ? 0 : end - start), 0),
  }
}

function scan(bytes: Buffer, boundary: string): readonly FormPart[] {
  try {
    return scanForm(bytes, boundary)
  } catch (error) {
    throw error instanceof ScanFailure ? new Refusal(error.code, { message: error.message, param: error.param }) : error
  }
}

function readField(bytes: Buffer, { name, isFile, start, end }: FormPart): string {
  const content = bytes.subarray(start, end)
  try {
    if (!isFile && content.length <= MAX_FIELD_BYTES) {
      checkUtf8(content)
      return content.toString('utf8')
    }
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error
  }
  throw new Refusal('invalid_parameter', { message: `${name} is not a plain field.`, param: name })
}
