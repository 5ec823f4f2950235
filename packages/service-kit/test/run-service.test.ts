import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'

const PROGRAM = fileURLToPath(new URL('stopping-process.ts', import.meta.url))
const Told = z.object({
  port: z.number().optional(),
  waiting: z.boolean().optional(),
  starting: z.boolean().optional(),
})

let child: ChildProcess | undefined
afterEach(() => child?.kill('SIGKILL'))

function start(env: Record<string, string> = {}): { process: ChildProcess; output: () => string } {
  const started = fork(PROGRAM, { silent: true, env: { ...process.env, ...env } })
  child = started
  let text = ''
  started.stdout?.on('data', (chunk) => {
    text += String(chunk)
  })
  return { process: started, output: () => text }
}

/** The next thing that the process says. */
async function told(from: ChildProcess): Promise<z.infer<typeof Told>> {
  const [message] = await once(from, 'message')
  return Told.parse(message)
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s lets the request under way end, and the process ends with 0',
  async (signal) => {
    const { process: running } = start()
    expect(await told(running)).toEqual({ starting: true })
    const { port } = await told(running)
    const answer = fetch(`http://127.0.0.1:${port}/slow`).then((response) => response.text())
    expect(await told(running)).toEqual({ waiting: true })
    const exit = once(running, 'exit')
    running.kill(signal)
    running.kill(signal)
    expect(await answer).toBe('whole answer')
    expect(await exit).toEqual([0, null])
  },
)

test('a process whose parent goes away ends, also while it starts', async () => {
  const { process: running } = start()
  await told(running)
  const exit = once(running, 'exit')
  running.disconnect()
  expect(await exit).toEqual([0, null])
})

test('a process that cannot start says so in one line and ends with 1', async () => {
  const { process: running, output } = start({ FAIL: '1' })
  expect(await once(running, 'close')).toEqual([1, null])
  const lines = output().trim().split('\n')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('ng-core could not start')
  expect(lines[0]).toContain('the port is taken')
})

test('a stop that hangs is given up after ten seconds', { timeout: 20_000 }, async () => {
  const { process: running, output } = start({ HANG: '1' })
  await told(running)
  const exit = once(running, 'exit')
  const since = Date.now()
  running.kill('SIGTERM')
  expect(await exit).toEqual([1, null])
  expect(Date.now() - since).toBeGreaterThan(9_000)
  expect(output()).toContain('did not stop in time')
})
