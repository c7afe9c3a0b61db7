/** Why a process ends: CONTRACT.md, section 8. */
export const EXIT = {
  drained: 0,
  failed: 1,
  badConfiguration: 64,
  databaseUnreachable: 69,
  dataDirectoryInUse: 73,
  wrongMasterKey: 78,
} as const

/** Ends the start with this exit code; the message is for the operator and holds no secret. */
export class StartFailure extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartFailure'
    this.exitCode = exitCode
  }
}
