// Bundles a program of the pod for a quick start: `node scripts/bundle-program.ts apps/db-step [folder]`.
// The programs start in the user's path, so they are one file to read instead of hundreds; what is loaded lazily is a
// chunk of its own.
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { build } from 'esbuild'

const [app, target] = process.argv.slice(2)
if (app === undefined) throw new Error('Name the folder of the app, for instance "apps/db-step".')
const outdir = resolve(target ?? join(app, 'dist'))

/** A program that is starting right now may still load a chunk of its own build. */
const KEEP_OLD_MS = 3_600_000

const { outputFiles } = await build({
  // Written below: a pod that starts meanwhile must find one build or the other, whole.
  write: false,
  entryPoints: [join(app, 'src/main.ts')],
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunk-[hash]',
  sourcemap: 'linked',
  sourcesContent: false,
  // Optional parts of libraries that aren't installed and aren't used.
  external: ['pg-native'],
  legalComments: 'linked',
  logLevel: 'warning',
  // CommonJS libraries within the bundle ask for Node's own modules.
  banner: {
    js: `import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);`,
  },
})

await mkdir(outdir, { recursive: true })
const isMain = (path: string): boolean => basename(path) === 'main.mjs'
// The entry goes last: it names the chunks.
for (const { path, contents } of outputFiles.toSorted((a, b) => Number(isMain(a.path)) - Number(isMain(b.path)))) {
  await writeFile(`${path}.new-${process.pid}`, contents)
  await rename(`${path}.new-${process.pid}`, path)
}
const fresh = new Set(outputFiles.map(({ path }) => basename(path)))
for (const name of await readdir(outdir)) {
  if (fresh.has(name)) continue
  const old = await stat(join(outdir, name)).catch(() => undefined)
  if (old !== undefined && Date.now() - old.mtimeMs > KEEP_OLD_MS) await rm(join(outdir, name), { force: true })
}
