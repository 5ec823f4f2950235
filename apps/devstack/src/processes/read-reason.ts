import { z } from 'zod'
import { lastLines } from '@sluice/local-servers'

const LogLine = z.object({
  msg: z.string().optional(),
  err: z.object({ message: z.string().optional(), stack: z.string().optional() }).optional(),
})

/** The last lines a process wrote, without stacks and with its JSON log lines made readable. */
export async function readReason(logFile: string, count = 8): Promise<string> {
  const text = await lastLines(logFile, 60)
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
    .slice(-count)
    .map((line) => `    ${toSentence(line)}`)
    .join('\n')
}

function toSentence(line: string): string {
  if (!line.startsWith('{')) return line
  try {
    const { msg, err } = LogLine.parse(JSON.parse(line))
    return [msg, err?.message].filter((part) => part !== undefined && part !== '').join(': ') || line
  } catch {
    // Not one of our log lines after all: shown as it is.
    return line
  }
}
