import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import type { StepCost } from './profile.ts'
import { type Round, type Scenario, type Spread, scenarios, spreadOf } from './rounds.ts'

const readme = new URL('README.md', import.meta.url)
const FIGURES = { begin: '<!-- figures: written by `pnpm bench` -->', end: '<!-- end of figures -->' }
const COST = { begin: '<!-- cost: written by `pnpm bench --profile` -->', end: '<!-- end of cost -->' }

const show = ({ median, low, high }: Spread, digits: number): string =>
  Number.isFinite(median) ? `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})` : '–'

type Row = { readonly target: string; readonly rounds: readonly Round[]; readonly direct: readonly Round[] }

function added(row: Row, pick: (round: Round) => number | null): Spread {
  // Each round is compared with the direct call of the same round: both met the same moment of the machine.
  return spreadOf(
    row.rounds.map((round, index) => (pick(round) ?? Number.NaN) - (pick(row.direct[index] ?? round) ?? Number.NaN)),
  )
}

function delayOf(row: Row, pick: (round: Round) => number | null): string {
  if (row.target !== 'direct') return show(added(row, pick), 2)
  const inAll = spreadOf(row.rounds.map((round) => pick(round) ?? Number.NaN))
  return Number.isFinite(inAll.median) ? `${show(inAll, 2)} in all` : '–'
}

function cells(row: Row, nginxPerCpu: number): readonly string[] {
  const perCpu = spreadOf(row.rounds.map((round) => round.full.requests / round.treeCpu))
  const alone = spreadOf(row.rounds.map((round) => round.full.requests / round.ownCpu))
  const perSecond = spreadOf(row.rounds.map((round) => round.full.requests / round.full.seconds))
  const isDirect = row.target === 'direct'
  const failures = row.rounds.reduce((sum, round) => sum + round.full.failures + (round.paced?.failures ?? 0), 0)
  return [
    row.target,
    show(perSecond, 0),
    isDirect ? '–' : show(perCpu, 0),
    isDirect ? '–' : (perCpu.median / nginxPerCpu).toFixed(2),
    // nginx does its work in a child: the process alone says something only of those that do it themselves.
    row.target === 'ours' || row.target === 'bare' ? show(alone, 0) : '–',
    delayOf(row, (round) => round.paced?.ttfbP50 ?? null),
    delayOf(row, (round) => round.paced?.ttfbP99 ?? null),
    isDirect ? '–' : Math.max(...row.rounds.map((round) => round.memoryMiB)).toFixed(0),
    String(failures),
  ]
}

const columns = [
  '',
  'requests/s',
  'per CPU second',
  'to nginx',
  'process alone',
  'added p50 ms',
  'added p99 ms',
  'MiB',
  'failed',
]

/** Markdown as the formatter would leave it: the first column to the left, numbers to the right. */
function alignedTable(lines: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = lines
  const widths = head.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  const rule = widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  const pad = (line: readonly string[]) =>
    line.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
  return [pad(head), rule, ...rest.map(pad)].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

function tableOf(rounds: readonly Round[], scenario: string): string {
  const of = (target: string) => rounds.filter((round) => round.scenario === scenario && round.target === target)
  const perCpu = spreadOf(of('nginx').map((round) => round.full.requests / round.treeCpu)).median
  const targets = [...new Set(rounds.map(({ target }) => target))]
  const rows = targets.map((target) => cells({ target, rounds: of(target), direct: of('direct') }, perCpu))
  return alignedTable([columns, ...rows])
}

function versionOf(program: string, args: readonly string[]): string {
  try {
    // nginx prints its version on stderr.
    return (
      execFileSync('sh', ['-c', `${program} ${args.join(' ')} 2>&1`], { encoding: 'utf8' })
        .trim()
        .split('\n')[0] ?? ''
    )
  } catch {
    return `${program}: not installed`
  }
}

function machine(): string {
  const [cpu] = cpus()
  const memory = (totalmem() / 1024 ** 3).toFixed(0)
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${memory} GiB, Linux ${release()}, Node ${process.version}, ${versionOf('/usr/sbin/nginx', ['-v'])}`
}

/** The figures as Markdown; written between the marks of README.md unless `write` is false. */
export async function writeReport(rounds: readonly Round[], seconds: number, write: boolean): Promise<string> {
  const measured = scenarios.filter(({ name }) => rounds.some(({ scenario }) => scenario === name))
  const count = rounds.filter(({ scenario, target }) => scenario === measured[0]?.name && target === 'direct').length
  const parts = measured.map((one) => `### ${one.name}: ${one.words}\n\n${tableOf(rounds, one.name)}\n`)
  const text = `${today()}, ${machine()}. Median (lowest–highest) of ${count} rounds of ${seconds} s.\n\n${parts.join('\n')}`
  if (write) await writeBetween(FIGURES, text)
  return text
}

/** Where the CPU time of a request goes. `cpuUs`: of the process alone, all its threads, in microseconds. */
export function describeProfile(scenario: Scenario, cpuUs: number, costs: readonly StepCost[]): string {
  const lines = costs.map(({ step, share }) => [step, `${(share * 100).toFixed(0)} %`])
  const table = alignedTable([['step', 'share of the time'], ...lines])
  return `### ${scenario.name}: ${cpuUs.toFixed(0)} µs of CPU per request\n\n${table}\n`
}

/** What `describeProfile` said of each load; written between its marks of README.md unless `write` is false. */
export async function writeProfile(parts: readonly string[], write: boolean): Promise<string> {
  const text = `${today()}, ${machine()}.\n\n${parts.join('\n')}`
  if (write) await writeBetween(COST, text)
  return text
}

const today = () => new Date().toISOString().slice(0, 10)

async function writeBetween(marks: { readonly begin: string; readonly end: string }, text: string): Promise<void> {
  const page = await readFile(readme, 'utf8')
  const begin = page.indexOf(marks.begin)
  const end = page.indexOf(marks.end)
  if (begin < 0 || end < begin) throw new Error(`bench/README.md has lost ${marks.begin}`)
  await writeFile(readme, `${page.slice(0, begin + marks.begin.length)}\n\n${text}\n${page.slice(end)}`)
}
