import { defineCommand, runMain } from 'citty'
import { runCommand } from './control/open.ts'
import { verifyAuditChain } from './governance/audit.service.ts'
import { EXIT } from './lib/exit.ts'
import { resetPasswordFromConsole } from './users/passwords.service.ts'
import { createAdministrator } from './users/setup.service.ts'

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function readPassword(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

const start = defineCommand({
  meta: { name: 'start', description: 'Serve.' },
  run: async () => {
    await import('./main.ts')
  },
})

const migrate = defineCommand({
  meta: { name: 'migrate', description: 'Bring the database up to date and end.' },
  run: () => runCommand(async () => say('The database is up to date.')),
})

const createAdmin = defineCommand({
  meta: { name: 'create-admin', description: 'Make another administrator. The password is read from standard input.' },
  args: { username: { type: 'positional', description: 'The new username.', required: true } },
  run: async ({ args: { username } }) => {
    const password = await readPassword()
    await runCommand(async (parts) => {
      const user = await createAdministrator(parts, { username, password })
      say(`${user.username} is an administrator.`)
    })
  },
})

const resetPassword = defineCommand({
  meta: { name: 'reset-password', description: 'Take a password away and print a one-time link for a new one.' },
  args: { username: { type: 'positional', description: 'Whose password.', required: true } },
  run: ({ args }) => runCommand(async (parts) => say(await resetPasswordFromConsole(parts, args.username))),
})

const doctor = defineCommand({
  meta: { name: 'doctor', description: 'Check the database, the master key and the audit chain.' },
  run: () =>
    runCommand(async (parts) => {
      const { entries, brokenAt, checkpoint } = await verifyAuditChain(parts)
      say('The database is reachable and up to date; the master key is the right one.')
      if (checkpoint) say(`The audit chain is verified from checkpoint ${checkpoint.seq}: older entries were removed.`)
      say(`The audit chain has ${entries} entries and is ${brokenAt === null ? 'whole' : `broken at ${brokenAt}`}.`)
      if (brokenAt !== null) process.exitCode = EXIT.failed
    }),
})

await runMain(
  defineCommand({
    meta: { name: 'aic', description: 'AI Controller' },
    subCommands: { start, migrate, 'create-admin': createAdmin, 'reset-password': resetPassword, doctor },
  }),
)
