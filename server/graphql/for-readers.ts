/** The options of a field that administrators and auditors see; for everybody else it is null, without an error. */
export const forReaders = (description: string) =>
  ({
    nullable: true,
    authScopes: { reader: true },
    unauthorizedResolver: () => null,
    description: `${description} Null for everybody but administrators and auditors.`,
  }) as const
