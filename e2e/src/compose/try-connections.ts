import { runWithInput } from './docker.ts'
import type { Container } from './start-compose.ts'

/**
 * Tries each target in the background, a few at a time because a container may have so many processes only; bash opens
 * TCP connections by itself, so that every image can run it.
 */
const SCRIPT = `count=0
while read -r name address port; do
  (timeout 3 bash -c "exec 3<>/dev/tcp/$address/$port" 2>/dev/null && echo "$name:$port") &
  count=$((count + 1))
  if [ $((count % 40)) = 0 ]; then wait; fi
done
wait
echo tried $count
`

/**
 * Tries from inside `from` to reach the ports of every other container, at each of its addresses and by its name.
 * @returns connections that opened, as `<from> → <to>:<port>`
 */
export async function tryConnections(
  from: Container,
  others: readonly Container[],
  portsOf: (service: string) => readonly number[],
): Promise<string[]> {
  const targets = others
    .filter(({ id }) => id !== from.id)
    .flatMap(({ service, addresses }) =>
      [service, ...Object.values(addresses)].flatMap((address) =>
        portsOf(service).map((port) => `${service} ${address} ${port}`),
      ),
    )
  const output = await runWithInput(
    'docker',
    ['exec', '--interactive', from.id, 'bash', '-c', SCRIPT],
    `${targets.join('\n')}\n`,
  )
  const lines = output.split('\n').filter((line) => line !== '')
  const end = lines.pop()
  if (end !== `tried ${targets.length}`) throw new Error(`${from.service} did not try all of its targets: ${output}`)
  return [...new Set(lines)].map((target) => `${from.service} → ${target}`).toSorted()
}
