import type { ConnectionTest } from '../../connection/use-connection-test.ts'
import { durationText } from '../../design/time.tsx'

/** A test that worked, in a line: by whom, how fast, and what it found out about the user's rights. */
export function testWords({ delegateName, phases }: Pick<ConnectionTest, 'delegateName' | 'phases'>): string {
  const total = phases.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const rights = phases.find(({ phase }) => phase === 'privileges')?.message
  return [
    `Works${delegateName === undefined ? '' : ` from delegate ${delegateName}`}, ${durationText(total)}`,
    ...(rights === undefined ? [] : [rights]),
  ].join('. ')
}
