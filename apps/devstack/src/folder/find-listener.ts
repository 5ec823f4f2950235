import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'

/** TCP state "listening" in /proc/net/tcp. */
const LISTENING = '0A'

/** The process that listens on a local TCP port, where Linux lets us see it: our own ones, or everybody's as root. */
export async function findListener(port: number): Promise<{ pid: number; command: string } | undefined> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  )
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const sockets = new Set(
    tables
      .flatMap((table) => table.split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === LISTENING)
      .map((fields) => `socket:[${fields[9]}]`),
  )
  if (sockets.size === 0) return undefined
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    // A process of somebody else, or one that just ended, can't be looked into: not the one we can name.
    const descriptors = await readdir(`/proc/${pid}/fd`).catch((): string[] => [])
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (!sockets.has(target)) continue
      const [program] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
      return { pid: Number(pid), command: basename(program ?? '') || 'unknown' }
    }
  }
  return undefined
}
