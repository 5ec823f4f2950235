import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createProcessRuntime } from '../src/index.ts'
import { podSpec, programs } from './programs.ts'

/** A delegate with one pod, for a test to kill. Tells its parent which processes and which folder it has. */
const folder = process.argv[2] ?? ''
const before = new Set(await readdir(join(folder, 'pods')))
const runtime = await createProcessRuntime({ stateFolder: folder, programs, warmSlots: 0 })
await runtime.init(podSpec('pod-of-the-killed'))
const name = (await readdir(join(folder, 'pods'))).find((entry) => !before.has(entry)) ?? ''
const marker: unknown = JSON.parse(await readFile(join(folder, 'pods', name, 'owner.json'), 'utf8'))
const pids = (marker as { children: { pid: number }[] }).children.map(({ pid }) => pid)
process.send?.({ pids, folder: name })
setInterval(() => {}, 60_000)
