import { request as httpRequest } from 'node:http'
import { inject } from 'vitest'
import { z } from 'zod'
import { SystemInfo, type ProcessName, type Question } from './system-info.ts'

declare module 'vitest' {
  interface ProvidedContext {
    system: string
  }
}

/** The running system, as the global setup left it. */
export const system: SystemInfo = SystemInfo.parse(JSON.parse(inject('system')))

async function ask(question: Question): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath: system.controlSocket, method: 'POST' }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text))))
    })
    request.on('error', reject)
    request.end(JSON.stringify(question))
  })
}

/** Ends a process with kill -9; it stays down. */
export async function kill(process: ProcessName): Promise<void> {
  await ask({ type: 'kill', process })
}

/** Starts a process again and waits until it is ready. */
export async function restart(process: ProcessName): Promise<void> {
  await ask({ type: 'restart', process })
}

const Committed = z.object({ url: z.string(), commit: z.string() })

export async function createRepository(
  name: string,
  files: Record<string, string>,
): Promise<z.infer<typeof Committed>> {
  return Committed.parse(await ask({ type: 'createRepository', name, files }))
}

export async function commit(
  name: string,
  files: Record<string, string>,
  options: { branch?: string; tag?: string } = {},
): Promise<z.infer<typeof Committed>> {
  return Committed.parse(await ask({ type: 'commit', name, files, ...options }))
}
