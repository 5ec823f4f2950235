import { expect, test } from 'vitest'
import { checkIncludes } from './check-includes.ts'

test('reads four at a time, and tells what failed in the order of the changelog', async () => {
  let open = 0
  let most = 0
  const read = async (name: number): Promise<void> => {
    open += 1
    most = Math.max(most, open)
    await Promise.resolve()
    open -= 1
    if (name % 5 === 0) throw new Error(`${name} is missing`)
  }

  const failed = await checkIncludes(
    Array.from({ length: 12 }, (_, index) => index),
    read,
    new AbortController().signal,
  )

  expect(most).toBe(4)
  expect(failed.map(({ include }) => include)).toEqual([0, 5, 10])
})

test('asks for nothing more once nobody wants to know', async () => {
  const abort = new AbortController()
  const asked: number[] = []
  const read = async (name: number): Promise<void> => {
    asked.push(name)
    abort.abort()
    await Promise.resolve()
  }

  await expect(checkIncludes([1, 2, 3, 4, 5, 6], read, abort.signal)).rejects.toThrow('aborted')
  expect(asked).toEqual([1])
})
