/** Lets a number of works run at once and the rest wait in order. */
export interface Slots {
  run<Value>(work: () => Promise<Value>): Promise<Value>
}

export function createSlots(count: number): Slots {
  let free = count
  const waiting: (() => void)[] = []
  return {
    async run(work) {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        // The slot goes straight to the next in line.
        const next = waiting.shift()
        if (next === undefined) free += 1
        else next()
      }
    },
  }
}
