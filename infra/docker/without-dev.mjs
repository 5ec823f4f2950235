// Takes the development dependencies out of every workspace's package.json and of the lock file, in the current folder:
// npm installs them for a workspace that another one depends on, `--omit=dev` or not.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const read = (file) => JSON.parse(readFileSync(file, 'utf8'))
const write = (file, value) => writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`)

const lock = read('package-lock.json')
for (const [folder, entry] of Object.entries(lock.packages)) {
  const file = `${folder === '' ? '.' : folder}/package.json`
  if (folder.includes('node_modules/') || !existsSync(file)) continue
  delete entry.devDependencies
  const { devDependencies: _, ...rest } = read(file)
  write(file, rest)
}
write('package-lock.json', lock)
