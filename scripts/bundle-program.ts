// Bundles a program of the pod for a quick start: `node scripts/bundle-program.ts apps/db-step [folder]`.
// The programs start in the user's path, so they are one file to read instead of hundreds; what is loaded lazily is a
// chunk of its own.
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const [app, target] = process.argv.slice(2)
if (app === undefined) throw new Error('Name the folder of the app, for instance "apps/db-step".')
const outdir = resolve(target ?? join(app, 'dist'))

await rm(outdir, { recursive: true, force: true })
await build({
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
