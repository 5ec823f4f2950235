import { spawn } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@sluice/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { choosePorts } from './choose-ports.ts'
import { forgetFirstPassword, readFirstPassword } from './first-password.ts'
import { layoutOf } from './layout.ts'
import { lockDataFolder } from './lock-data-folder.ts'
import { openDataFolder } from './open-data-folder.ts'
import { startOf } from './process-identity.ts'
import { readState, writeState } from './state.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-folder-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

describe('the data folder', () => {
  test('has subfolders that only its owner can enter', async () => {
    const layout = await openDataFolder(join(root, 'new'))
    for (const folder of [layout.authority, layout.certificates, layout.logs]) {
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
    }
    expect((await stat(layout.root)).mode & 0o066).toBe(0)
  })

  test('that is a file is refused in one sentence', async () => {
    const file = join(root, 'file')
    await writeFile(file, '')
    await expect(openDataFolder(file)).rejects.toThrow(`"${file}" is not a folder.`)
  })

  test('that is not writable is refused in one sentence', async () => {
    // Nobody may make folders in the kernel's own file system, not even root.
    await expect(openDataFolder('/sys/sluice-test')).rejects.toThrow(
      /^The data folder "\/sys\/sluice-test" can't be written to\./,
    )
  })

  test('keeps passwords and ports from one start to the next', async () => {
    const layout = await openDataFolder(root)
    const state = await readState(layout)
    await writeState(layout, { ...state, ports: { postgres: 1234 } })
    expect(await readState(layout)).toEqual({ ...state, ports: { postgres: 1234 } })
    expect((await stat(layout.stateFile)).mode & 0o777).toBe(0o600)
  })

  test('hands out the first password until it was shown, and never another one', async () => {
    const layout = await openDataFolder(root)
    const first = await readFirstPassword(layout)
    expect(first).toMatch(/^[\w-]{24}$/)
    await writeState(layout, await readState(layout))
    expect(await readFirstPassword(layout)).toBe(first)
    await forgetFirstPassword(layout)
    expect(await readFirstPassword(layout)).toBeUndefined()
  })
})

describe('the lock', () => {
  test('keeps a second start away and names the process that runs', async () => {
    const layout = layoutOf(root)
    const unlock = await lockDataFolder(layout, 'https://localhost:8443')
    await expect(lockDataFolder(layout, 'x')).rejects.toThrow(
      `already runs here: process ${process.pid}, https://localhost:8443`,
    )
    await unlock()
    await (
      await lockDataFolder(layout, 'x')
    )()
  })

  test('of a process that is gone is taken over, also when its pid was given to another', async () => {
    const layout = layoutOf(root)
    await writeFile(layout.lockFile, JSON.stringify({ pid: process.pid, start: 'another time', url: 'x' }))
    await lockDataFolder(layout, 'y')
  })

  test('that was cut off while it was written is taken over', async () => {
    const layout = layoutOf(root)
    await writeFile(layout.lockFile, '{"pid"')
    await lockDataFolder(layout, 'y')
  })
})

test('the start of a process names it for as long as it lives', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const start = await startOf(child.pid ?? 0)
  expect(start).toBeDefined()
  expect(await startOf(child.pid ?? 0)).toBe(start)
  const ended = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  child.kill('SIGKILL')
  await ended
  expect(await startOf(child.pid ?? 0)).toBeUndefined()
})

describe('ports', () => {
  let server: Server | undefined
  afterEach(() => server?.close())

  function occupy(port: number): Promise<void> {
    return new Promise((resolve) => {
      server = createServer().listen(port, '127.0.0.1', resolve)
    })
  }

  test('a taken gateway port is an error that names the port, its process and the way out', async () => {
    const port = await freePort()
    await occupy(port)
    await expect(choosePorts(port, {})).rejects.toThrow(
      new RegExp(
        `^Port ${port} is taken by process ${process.pid} \\(.+\\)\\. Choose another port: npm start -- --port \\d+$`,
      ),
    )
  })

  test('a taken port of a service is replaced, and a free one of the last start is kept', async () => {
    const [gateway, taken, kept] = [await freePort(), await freePort(), await freePort()]
    await occupy(taken)
    const ports = await choosePorts(gateway, { 'ng-core': taken, postgres: kept })
    expect(ports).toMatchObject({ gateway, postgres: kept })
    expect(ports['ng-core']).not.toBe(taken)
    expect(new Set(Object.values(ports)).size).toBe(Object.values(ports).length)
  })
})
