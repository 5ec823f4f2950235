// Installs what `npm run check` needs, as `npm start` and `npm test` do by themselves.
import { prepare } from './prepare.mjs'

await prepare({ yes: process.argv.includes('--yes') || Boolean(process.env.CI) })
