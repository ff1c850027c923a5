import type { Operation } from '../operations.ts'
import type { Contender, Slice } from './contender.ts'

/** Who is measured at what. */
export interface Plan {
  readonly operations: readonly Operation[]
  readonly outstanding: readonly number[]
  readonly rounds: number
  readonly sliceMs: number
  readonly warmUpMs: number
  /** Who takes part in an operation; the first is the one that the others are held against. */
  contenders(operation: Operation): readonly Contender[]
}

/** The medians of one contender at one operation, and its ratios to the first one in the same round. */
export interface Standing {
  readonly operation: Operation
  readonly outstanding: number
  readonly contender: string
  readonly perSecond: number
  readonly cpuMicros: number
  /** How many times the first contender's throughput is this one's. */
  readonly lead: number
  /** How many times this one's CPU time is the first contender's. */
  readonly cpuOfFirst: number
}

/** Measures in rounds, everybody once in each, so that what the machine does meanwhile is shared by all. */
export async function compare(plan: Plan): Promise<readonly Standing[]> {
  const standings: Standing[] = []
  for (const operation of plan.operations) {
    for (const outstanding of plan.outstanding) {
      const contenders = plan.contenders(operation)
      const slices = new Map<Contender, Slice[]>(contenders.map((contender) => [contender, []]))
      for (const contender of contenders) await contender.measure(operation, outstanding, plan.warmUpMs)
      for (let round = 0; round < plan.rounds; round += 1) {
        // Another one begins each time.
        for (const [index] of contenders.entries()) {
          const contender = contenders[(index + round) % contenders.length]
          if (contender) slices.get(contender)?.push(await contender.measure(operation, outstanding, plan.sliceMs))
        }
      }
      const [first] = slices.values()
      for (const [{ name }, own] of slices) {
        standings.push({ operation, outstanding, contender: name, ...standing(own, first ?? own) })
      }
    }
  }
  return standings
}

function standing(own: readonly Slice[], first: readonly Slice[]) {
  const ratio = (of: (slice: Slice) => number) =>
    median(own.map((slice, round) => of(first[round] ?? slice) / of(slice)))
  return {
    perSecond: median(own.map(({ perSecond }) => perSecond)),
    cpuMicros: median(own.map(({ cpuMicros }) => cpuMicros)),
    lead: ratio(({ perSecond }) => perSecond),
    cpuOfFirst: 1 / ratio(({ cpuMicros }) => cpuMicros),
  }
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2
}

/** The standings as a Markdown table: one line for each operation and number outstanding. */
export function table(standings: readonly Standing[], first: string): string {
  const lines = [
    `| operation | outstanding | server | requests/s | CPU µs a request | ${first} ÷ this, requests/s | this ÷ ${first}, CPU |`,
    '|---|---|---|---|---|---|---|',
    ...standings.map(
      (of) =>
        `| ${of.operation} | ${of.outstanding} | ${of.contender} | ${Math.round(of.perSecond).toLocaleString('en')} | ${of.cpuMicros.toFixed(of.cpuMicros < 100 ? 1 : 0)} | ${of.lead.toFixed(2)} | ${of.cpuOfFirst.toFixed(2)} |`,
    ),
  ]
  return lines.join('\n')
}
