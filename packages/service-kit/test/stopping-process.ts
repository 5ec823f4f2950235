// A process for run-service.test.ts: one slow request at a time, and a start that may fail.
import { createServer } from 'node:http'
import { runService } from '../src/run-service.ts'

await runService('ng-core', async () => {
  if (process.env['FAIL'] !== undefined) throw new Error('the port is taken')
  let finish: (() => void) | undefined
  const server = createServer((request, response) => {
    if (request.url === '/finish') {
      finish?.()
      response.end()
      return
    }
    finish = () => response.end('whole answer')
    process.send?.({ waiting: true })
  })
  // Asked to stop while it starts: the test sends its signal now.
  process.send?.({ starting: true })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  // Nobody may be there to hear it: the parent going away is what is tested.
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined }, undefined, {}, () => undefined)
  return {
    close: async () => {
      if (process.env['HANG'] !== undefined) await new Promise(() => undefined)
      finish?.()
      await new Promise((resolve) => server.close(resolve))
    },
  }
})
