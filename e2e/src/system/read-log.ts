import { LogEnd, LogLine, readLog, streamLog } from '@sluice/contracts/logs'
import { pathOf, send, type ApiClient } from './api-client.ts'
import { PROJECT, type Run } from './project.ts'

/** Stages and groups have a key too, and nothing to say. */
const STEPS_WITH_LOGS = new Set(['DBSchemaApply', 'DBSchemaUpdateSQL'])
/** A log ends a little after its step: what could not be sent before is sent then. */
const LOG_ENDS_WITHIN_MS = 30_000

/** Lines of a stored log, in the order in which they are given out. */
export async function linesOf(client: ApiClient, key: string): Promise<LogLine[]> {
  const { status, text } = await send('GET', pathOf(readLog, { query: { key, ...PROJECT } }), {
    headers: client.headers,
  })
  if (status >= 400) throw new Error(`The log "${key}" could not be read: ${status} ${text}`)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => LogLine.parse(JSON.parse(line)))
}

/** Follows a log by server-sent events to its end marker. */
export async function followLog(client: ApiClient, key: string): Promise<{ lines: LogLine[]; end: LogEnd }> {
  const { status, text } = await send('GET', pathOf(streamLog, { query: { key, ...PROJECT } }), {
    headers: client.headers,
    signal: AbortSignal.timeout(LOG_ENDS_WITHIN_MS),
  })
  if (status >= 400) throw new Error(`The log "${key}" could not be followed: ${status} ${text}`)
  const lines: LogLine[] = []
  let end: LogEnd | undefined
  for (const event of text.split(/\r?\n\r?\n/)) {
    const data = /^data: ?(.*)$/m.exec(event)?.[1]
    if (data === undefined) continue
    if (/^event: ?end$/m.test(event)) end = LogEnd.parse(JSON.parse(data))
    else lines.push(LogLine.parse(JSON.parse(data)))
  }
  if (end === undefined) throw new Error(`The log "${key}" ended without saying so after ${lines.length} lines.`)
  return { lines, end }
}

/** Keys of the logs of a run's steps, by the step's identifier. */
export function logKeysOf(run: Run): Map<string, string> {
  const keys = new Map<string, string>()
  for (const { identifier, stepType, logBaseKey } of run.nodes) {
    if (logBaseKey !== undefined && STEPS_WITH_LOGS.has(stepType)) keys.set(identifier, logBaseKey)
  }
  return keys
}
