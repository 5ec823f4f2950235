import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Files } from '../src/index.ts'

/** Sources in memory, by path. */
export function memoryFiles(contents: Readonly<Record<string, string>>): Files {
  const encoder = new TextEncoder()
  return {
    read: async (path) => {
      const content = contents[path]
      return content === undefined ? undefined : encoder.encode(content)
    },
    list: async (dir) => {
      const found = Object.keys(contents).filter((path) => dir === '' || path.startsWith(`${dir}/`))
      return found.length === 0 ? undefined : found
    },
  }
}

/** The files below a folder on disk. */
export function folderFiles(root: string): Files {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(root, path)).isFile(),
  )
  return {
    read: async (path) => (paths.includes(path) ? readFileSync(join(root, path)) : undefined),
    list: async (dir) => {
      const found = paths.filter((path) => dir === '' || path.startsWith(`${dir}/`))
      return found.length === 0 ? undefined : found
    },
  }
}
