import type { BenchOptions } from '../main.ts'
import { milliseconds, percentile } from '../report/percentile.ts'
import type { Report } from '../report/report.ts'
import { openStack } from '../sluice/bench-stack.ts'
import { createProject } from '../sluice/project.ts'
import { runPipeline, type Node } from '../sluice/run-pipeline.ts'
import { openShop } from '../sluice/shop.ts'

const RUNS = 50
const WARM_UP_RUNS = 3

/**
 * Node ready → step container executing, one at a time: from the moment the engine starts a step's node to the first
 * unit of the step, which the step container itself stamps. All clocks are this machine's.
 */
export async function benchPickup({ runs = RUNS, signal, say }: BenchOptions): Promise<Report> {
  const shop = await openShop()
  try {
    const database = await shop.createDatabase('bench_pickup')
    say('Starting Sluice …')
    const stack = await openStack(shop, { environment: {}, signal })
    const pickups: number[] = []
    try {
      await createProject(stack.client, shop, database)
      for (let index = 0; index < WARM_UP_RUNS; index += 1) await runPipeline(stack.client, stack.store)
      say(`Measuring ${runs} runs of two steps each …`)
      for (let index = 0; index < runs; index += 1) {
        signal.throwIfAborted()
        const { nodes } = await runPipeline(stack.client, stack.store)
        pickups.push(...nodes.flatMap(pickupOf))
      }
    } finally {
      await stack.stop()
    }
    const figures = {
      pickup_p50_ms: percentile(pickups, 50),
      pickup_p99_ms: percentile(pickups, 99),
      steps: pickups.length,
    }
    return {
      figures,
      rows: [
        {
          what: `pick-up one at a time, p50 of ${pickups.length}`,
          measured: milliseconds(figures.pickup_p50_ms),
          target: '≤ 40 ms',
        },
        { what: 'pick-up one at a time, p99', measured: milliseconds(figures.pickup_p99_ms), target: '≤ 150 ms' },
      ],
    }
  } finally {
    await shop.dispose()
  }
}

/** Only database steps: the pod's own start is no step container. */
function pickupOf(node: Node): number[] {
  const [first] = node.unitProgresses
  if (!node.stepType.startsWith('DB') || first === undefined || node.startTs === null) return []
  return [first.startTime - node.startTs]
}
